import type { Clock } from '../clock.ts'
import { TimeSlices } from './time-slices.ts'

/** What a task of a lane says: it is done, or is to be called again after a pause. */
export type TaskEnd = 'done' | { readonly againInMs: number }

/** Must not reject: where it does, the life of the consumer ends. */
export type Task = () => TaskEnd | Promise<TaskEnd>

export interface LanesOptions {
  readonly clock: Clock
  /** Tasks of different keys that may wait for something at the same time. */
  readonly concurrency: number
  /** A task has thrown: its lane stays where it is, so nothing behind it counts as done. */
  readonly onFailed: (error: unknown) => void
}

interface Lane {
  readonly key: string
  readonly tasks: Task[]
  /** The first that has not ended. */
  head: number
}

/**
 * Tasks of one key one after the other, those of different keys side by side. A task that is to be
 * called again keeps its place, and only its key waits: a pause occupies none of `concurrency`.
 */
export class Lanes {
  readonly #options: LanesOptions
  readonly #lanes = new Map<string, Lane>()
  readonly #ready: Lane[] = []
  readonly #stopping = new AbortController()
  #running = 0
  #isPumping = false
  #isHeld = false
  #whenIdle: (() => void) | undefined

  constructor(options: LanesOptions) {
    this.#options = options
  }

  /** Puts a task behind those of the same key, which nobody asks for where no lane is open. */
  add(keyOf: () => string, task: Task): void {
    if (this.#stopping.signal.aborted) return
    const known = this.#lanes.size === 0 ? undefined : this.#lanes.get(keyOf())
    if (known !== undefined) {
      known.tasks.push(task)
      return
    }
    // Nearly always: nothing is before it, and it ends without waiting.
    const turn = this.#mayStart() && this.#ready.length === 0 ? call(task) : undefined
    if (turn === 'done') return
    const key = keyOf()
    const lane = { key, tasks: [task], head: 0 }
    this.#lanes.set(key, lane)
    if (turn === undefined) {
      this.#ready.push(lane)
      this.#pump()
    } else this.#follow(lane, turn)
  }

  /** Begins nothing more until it is called with false. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#pump()
  }

  /** Forgets what has not begun. What has begun ends by itself, and is not called again. */
  stop(): void {
    this.#stopping.abort()
    this.#ready.length = 0
    this.#lanes.clear()
  }

  /** Resolves once nothing runs, after `stop`. */
  async stopped(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve))
  }

  #mayStart(): boolean {
    const hasRoom = this.#running < this.#options.concurrency
    return hasRoom && !this.#isHeld && !this.#stopping.signal.aborted
  }

  /** Starts what may start. What ends at once makes room for the next without a promise. */
  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    const slices = new TimeSlices(this.#options.clock)
    while (this.#mayStart()) {
      const lane = this.#ready.shift()
      if (lane === undefined) break
      this.#start(lane)
      if (!slices.isOver()) continue
      void slices.next().then(() => this.#pump())
      break
    }
    this.#isPumping = false
    if (this.#running === 0) this.#whenIdle?.()
  }

  #start(lane: Lane): void {
    const task = lane.tasks[lane.head]
    if (task !== undefined) this.#follow(lane, call(task))
  }

  #follow(lane: Lane, end: TaskEnd | Promise<TaskEnd>): void {
    if (!(end instanceof Promise)) return this.#settle(lane, end)
    this.#running += 1
    void end.then(
      (result) => {
        this.#running -= 1
        this.#settle(lane, result)
        this.#pump()
      },
      (error: unknown) => {
        this.#running -= 1
        this.#options.onFailed(error)
        this.#pump()
      },
    )
  }

  #settle(lane: Lane, end: TaskEnd): void {
    if (end !== 'done') {
      void this.#options.clock.sleep(end.againInMs, this.#stopping.signal).then(() => {
        this.#ready.push(lane)
        this.#pump()
      })
      return
    }
    lane.head += 1
    if (lane.head < lane.tasks.length) this.#ready.push(lane)
    else this.#lanes.delete(lane.key)
  }
}

/** What a task throws comes out of its promise, as of those that wait. */
function call(task: Task): TaskEnd | Promise<TaskEnd> {
  try {
    return task()
  } catch (error) {
    return Promise.reject(error)
  }
}
