import { useEffect, useState } from 'preact/hooks'

/** A value that components follow: they render again where it changes. */
export interface Store<T> {
  get(): T
  set(next: T): void
  /** Calls back after each change; what it returns ends that. */
  follow(onChange: () => void): () => void
}

export function makeStore<T>(initial: T): Store<T> {
  let value = initial
  const followers = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return
      value = next
      for (const follower of followers) follower()
    },
    follow(onChange) {
      followers.add(onChange)
      return () => void followers.delete(onChange)
    },
  }
}

/** The value of a store, in a component. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.get())
  useEffect(() => {
    const update = () => setValue(() => store.get())
    // It may have changed between the first rendering and now.
    update()
    return store.follow(update)
  }, [store])
  return value
}
