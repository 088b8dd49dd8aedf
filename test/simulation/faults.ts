import type { Choices } from './choices.ts'
import type { Scheduler } from './scheduler.ts'

/** Decides what goes wrong, and how often at most. */
export interface Faults {
  /** One of `kinds`, mostly none: at most once in `oneIn`, and never when all faults are spent. */
  pick<Kind extends string>(oneIn: number, kinds: readonly Kind[]): Kind | undefined
  /** How many there were. */
  readonly count: number
  /** From now on nothing goes wrong any more. */
  stop(): void
}

export function openFaults(choices: Choices, scheduler: Scheduler, most: number): Faults {
  let left = most
  let count = 0
  return {
    pick(oneIn, kinds) {
      if (left === 0 || choices.next(oneIn) < oneIn - 1) return undefined
      left -= 1
      count += 1
      const kind = kinds[choices.next(kinds.length)]
      scheduler.trace.push(`FAULT ${kind}`)
      return kind
    },
    get count() {
      return count
    },
    stop() {
      left = 0
    },
  }
}
