import type { Clock } from '../clock.ts'

/** What a task of a lane says: it is done, or is to be called again after a pause. */
export type Turn = 'done' | { readonly againInMs: number }

/** Never rejects. */
export type Task = () => Turn | Promise<Turn>

export interface Lanes {
  /** Puts a task behind those of the same key. */
  add(key: string, task: Task): void
  /** Begins nothing more until `resume`. */
  pause(): void
  resume(): void
  /** Forgets what has not begun. What has begun ends by itself, and is not called again. */
  stop(): void
  /** Resolves once nothing runs, after `stop`. */
  stopped(): Promise<void>
  /** Tasks under way. */
  readonly running: number
}

export interface LanesOptions {
  readonly clock: Clock
  /** Tasks of different keys that may wait for something at the same time. */
  readonly concurrency: number
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
export function openLanes({ clock, concurrency }: LanesOptions): Lanes {
  const lanes = new Map<string, Lane>()
  const ready: Lane[] = []
  const stopping = new AbortController()
  let running = 0
  let isPumping = false
  let isPaused = false
  let whenIdle: (() => void) | undefined

  /** Starts what may start. What ends at once makes room for the next without a promise. */
  function pump(): void {
    if (isPumping) return
    isPumping = true
    while (running < concurrency && !isPaused && !stopping.signal.aborted) {
      const lane = ready.shift()
      if (lane === undefined) break
      start(lane)
    }
    isPumping = false
    if (running === 0) whenIdle?.()
  }

  function start(lane: Lane): void {
    const task = lane.tasks[lane.head]
    if (task === undefined) return
    const turn = task()
    if (!(turn instanceof Promise)) return settle(lane, turn)
    running += 1
    void turn.then((result) => {
      running -= 1
      settle(lane, result)
      pump()
    })
  }

  function settle(lane: Lane, turn: Turn): void {
    if (turn !== 'done') {
      void clock.sleep(turn.againInMs, stopping.signal).then(() => {
        ready.push(lane)
        pump()
      })
      return
    }
    lane.head += 1
    if (lane.head < lane.tasks.length) ready.push(lane)
    else lanes.delete(lane.key)
  }

  return {
    add(key, task) {
      if (stopping.signal.aborted) return
      const lane = lanes.get(key)
      if (lane !== undefined) {
        lane.tasks.push(task)
        return
      }
      const opened = { key, tasks: [task], head: 0 }
      lanes.set(key, opened)
      ready.push(opened)
      pump()
    },
    pause() {
      isPaused = true
    },
    resume() {
      isPaused = false
      pump()
    },
    stop() {
      stopping.abort()
      ready.length = 0
      lanes.clear()
    },
    async stopped() {
      if (running > 0) await new Promise<void>((resolve) => (whenIdle = resolve))
    },
    get running() {
      return running
    },
  }
}
