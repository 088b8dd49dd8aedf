/** Who may run while it is to be found out which event it was that blocked the thread. */
import type { Turn, Turns } from '../handler-watch.ts'

interface Waiting {
  readonly isAlone: boolean
  readonly begin: () => void
}

/**
 * What runs alone begins once nothing runs, and nothing else begins before it has ended. Everybody
 * comes in the order of asking, so neither suspects nor those beside them starve.
 */
export function openTurns(): Turns {
  const queue: Waiting[] = []
  let running = 0
  let isAlone = false

  function pump(): void {
    for (let [next] = queue; next !== undefined && mayBegin(next); [next] = queue) {
      queue.shift()
      begin(next.isAlone)
      next.begin()
    }
  }

  function mayBegin(next: Waiting): boolean {
    return running === 0 || !(isAlone || next.isAlone)
  }

  function begin(isNextAlone: boolean): void {
    running += 1
    isAlone = isNextAlone
  }

  function end(): void {
    running -= 1
    pump()
  }

  /** Whether the turn came before the signal aborted. */
  async function isMyTurn(alone: boolean, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false
    const turn = Promise.withResolvers<boolean>()
    const waiting: Waiting = { isAlone: alone, begin: () => turn.resolve(true) }
    function giveUp(): void {
      const at = queue.indexOf(waiting)
      if (at < 0) return
      queue.splice(at, 1)
      turn.resolve(false)
      // Those behind it waited for it alone, perhaps.
      pump()
    }
    signal.addEventListener('abort', giveUp, { once: true })
    queue.push(waiting)
    pump()
    try {
      return await turn.promise
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  async function inTurn<T>(alone: boolean, { task, late, patience }: Turn<T>): Promise<T> {
    if (!(await isMyTurn(alone, patience()))) return late()
    try {
      return await task()
    } finally {
      end()
    }
  }

  return {
    alone: (turn) => inTurn(true, turn),
    beside(turn) {
      const isHeld = queue.length > 0 || (running > 0 && isAlone)
      if (isHeld) return inTurn(false, turn)
      const result = turn.task()
      // What has ended already is in nobody's way.
      if (!(result instanceof Promise)) return result
      begin(false)
      return result.finally(end)
    },
  }
}

/** For where nobody is held up by a suspect: they run one after the other, beside all others. */
export function openSuspectTurns(): Turns {
  return { ...openTurns(), beside: ({ task }) => task() }
}
