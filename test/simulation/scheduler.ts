import { drainMicrotasks } from 'bun:jsc'
import type { Clock } from '../../src/clock.ts'
import type { Choices } from './choices.ts'

/** What one step takes. So long that claims in Redis and pauses end within a schedule. */
const STEP_MS = 50

/** One run in so many steps a timer goes off although there is something else to do. */
const EARLY_TIMER_ONE_IN = 8

/** Something that dies: what it began and did not finish never happens. */
export interface Mortal {
  readonly name: string
  isAlive: boolean
}

interface Task {
  readonly what: string
  /** Undefined: of the world outside, which survives. */
  readonly owner: Mortal | undefined
  readonly isTimer: boolean
  readonly run: () => void
}

/**
 * Runs what is due one by one, in an order that the choices decide. There is no time but this:
 * timers go off when nothing else is left, or too early, so nothing may rest on their length.
 */
export class Scheduler {
  readonly trace: string[] = []
  readonly #choices: Choices
  #tasks: Task[] = []
  #nowMs = 1_800_000_000_000

  constructor(choices: Choices) {
    this.#choices = choices
  }

  /** Does `run` at some later step, unless its owner has died by then. */
  later(what: string, owner: Mortal | undefined, run: () => void): void {
    this.#add({ what, owner, isTimer: false, run })
  }

  /** As `later`, when nothing else is to do. Returns what takes it back. */
  timer(what: string, owner: Mortal | undefined, run: () => void): () => void {
    const task: Task = { what, owner, isTimer: true, run }
    this.#add(task)
    return () => {
      this.#tasks = this.#tasks.filter((each) => each !== task)
    }
  }

  /** What the dead still want to do, in a promise that went on, is not done. */
  #add(task: Task): void {
    if (task.owner?.isAlive !== false) this.#tasks.push(task)
  }

  /** Ends everything that these had begun. */
  end(...owners: readonly Mortal[]): void {
    for (const owner of owners) owner.isAlive = false
    this.#tasks = this.#tasks.filter(({ owner }) => owner?.isAlive !== false)
  }

  /** Does one thing. False where nothing is left to do. */
  step(): boolean {
    const work = this.#tasks.filter(({ isTimer }) => !isTimer)
    const timers = this.#tasks.filter(({ isTimer }) => isTimer)
    const isEarly =
      timers.length > 0 && this.#choices.next(EARLY_TIMER_ONE_IN) === EARLY_TIMER_ONE_IN - 1
    const from = work.length === 0 || isEarly ? timers : work
    const task = from[this.#choices.next(from.length)]
    if (task === undefined) return false
    this.#tasks = this.#tasks.filter((each) => each !== task)
    this.#nowMs += STEP_MS
    this.trace.push(`${task.owner?.name ?? 'world'}: ${task.what}`)
    task.run()
    drainMicrotasks()
    return true
  }

  /** The clock of one that may die: its sleepers die with it. */
  clockOf(owner: Mortal): Clock {
    return {
      now: () => this.#nowMs,
      monotonicMs: () => this.#nowMs,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true) return resolve()
          const cancel = this.timer(
            `${ms > 1_000 ? 'a long' : 'a short'} sleep ends`,
            owner,
            resolve,
          )
          const onAbort = () => {
            cancel()
            resolve()
          }
          signal?.addEventListener('abort', onAbort, { once: true })
        }),
    }
  }
}
