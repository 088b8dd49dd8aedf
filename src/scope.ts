import type { Clock } from './clock.ts'

/**
 * Owns background tasks: every one of them is told to stop, and waited for, when the scope closes.
 */
export interface Scope extends AsyncDisposable {
  /** Aborts when the scope starts to close. */
  readonly signal: AbortSignal
  /**
   * Starts a task that lives until it returns or the scope closes.
   * A task that throws is reported once through `onFailure`; it does not end the others.
   */
  run(name: string, task: (signal: AbortSignal) => Promise<void>): void
  /**
   * Tells every task to stop and waits for them, at most `shutdownMs`. Later calls
   * wait for the first.
   */
  close(): Promise<void>
}

export interface ScopeOptions {
  readonly clock: Clock
  /** How long the tasks may take to stop, in ms: asked when the scope closes. */
  readonly shutdownMs: () => number
  readonly onFailure: (task: string, error: unknown) => void
}

/** A time that several steps share, one after the other. */
export interface Budget {
  /** It runs from now on, or from when something first asked what is left. */
  begin(): void
  /** What is left of it, in ms. */
  leftMs(): number
}

export interface BudgetOptions {
  readonly clock: Clock
  readonly totalMs: number
  /** What each step is given at least, however long the others have taken. */
  readonly leastMs: number
}

export function openBudget({ clock, totalMs, leastMs }: BudgetOptions): Budget {
  let untilMs: number | undefined
  function endMs(): number {
    untilMs ??= clock.monotonicMs() + totalMs
    return untilMs
  }
  return {
    begin: () => void endMs(),
    leftMs: () => Math.max(leastMs, endMs() - clock.monotonicMs()),
  }
}

/** Opens a scope. Use it with `await using`, or call `close`. */
export function openScope(options: ScopeOptions): Scope {
  const controller = new AbortController()
  const running = new Map<symbol, { name: string; done: Promise<void> }>()
  let closing: Promise<void> | undefined

  async function finish(): Promise<void> {
    controller.abort()
    const patience = new AbortController()
    const stopped = Promise.all([...running.values()].map((task) => task.done))
    const shutdownMs = options.shutdownMs()
    const timeUp = options.clock.sleep(shutdownMs, patience.signal)
    await Promise.race([stopped, timeUp])
    patience.abort()
    for (const task of running.values()) {
      options.onFailure(task.name, new Error(`did not stop within ${shutdownMs} ms`))
    }
  }

  const scope: Scope = {
    signal: controller.signal,
    run(name, task) {
      const id = Symbol(name)
      const done = task(controller.signal)
        .catch((error: unknown) => options.onFailure(name, error))
        .finally(() => running.delete(id))
      running.set(id, { name, done })
    },
    close() {
      closing ??= finish()
      return closing
    },
    [Symbol.asyncDispose]: () => scope.close(),
  }
  return scope
}
