import { readFileSync } from 'node:fs'
import { systemClock } from '../src/clock.ts'

/** How often it is looked at, in ms. A look takes microseconds. */
const LOOK_MS = 1
const NS_PER_MS = 1e6

/** What the main thread of a process waited for its core, because others had it. */
export interface Waits extends Disposable {
  /** How much of this time it waited, in ms; both ends in ms since 1970. */
  between(fromMs: number, toMs: number): number
}

/** Watches a process from here on. Linux adds a wait to its count when it is over. */
export function watchWaits(pid: number): Waits {
  const looks: { readonly atMs: number; readonly waitedMs: number }[] = []
  function look(): void {
    const [, waitedNs] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')
    // The clock of the generator, to the microsecond.
    const atMs = performance.timeOrigin + systemClock.monotonicMs()
    looks.push({ atMs, waitedMs: Number(waitedNs) / NS_PER_MS })
  }
  look()
  const timer = setInterval(look, LOOK_MS)
  return {
    between(fromMs, toMs) {
      const before = looks.findLast(({ atMs }) => atMs <= fromMs) ?? looks[0]
      const after = looks.find(({ atMs }) => atMs >= toMs) ?? looks.at(-1)
      return (after?.waitedMs ?? 0) - (before?.waitedMs ?? 0)
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
