import { RERUN_LAG_MAX, RERUN_STARTS_MAX, RERUN_WAIT_MS } from '../limits/limits.ts'
import type { Ended, RerunPorts, WorkContext } from './ports.ts'

/** How often it is noted how far it is, in ms: what is done again is on disk without that. */
const NOTE_MS = 500

/**
 * Has a consumer handle ranges of its topics once more. The consumer keeps its own account of what
 * it has done, in the transactions that do it: here it is watched. Undefined: it was stopped, or
 * `signal` aborted.
 */
export async function reconsume(
  id: string,
  ports: RerunPorts,
  { signal, nap }: WorkContext,
): Promise<Ended | undefined> {
  const first = ports.byId(id)
  if (first === undefined) return undefined
  if (first.starts > RERUN_STARTS_MAX) {
    const reason = `the process ended ${first.starts - 1} times behind ${first.cursor} offsets`
    return { to: 'failed', reason }
  }
  const stop = new AbortController()
  const stopping = AbortSignal.any([signal, stop.signal])
  const reading = ports.readAgain(first, pace(first.perSecond, ports, stopping))
  let isOver = false
  let isWhole = false
  const running = reading.run(stopping).finally(() => (isOver = true))
  // Whoever waits for it below hears of its end, however late.
  running.catch(() => undefined)
  let noted = { done: first.cursor, failed: 0, records: 0 }
  async function note(): Promise<void> {
    const { done, failed, records } = reading.progress()
    const counts = {
      done: done - noted.done,
      failed: failed - noted.failed,
      records: records - noted.records,
    }
    if (counts.done === 0) return
    const step = { id, from: noted.done, to: done, work: { kind: 'reconsume', counts } } as const
    // Undefined: it was stopped meanwhile.
    if ((await ports.step(step)) !== undefined) noted = { done, failed, records }
  }
  try {
    // A nap is none once that has aborted, and the reading needs the event loop to end.
    while (!isOver && !signal.aborted && ports.byId(id)?.state === 'running') {
      await nap(NOTE_MS, signal)
      await note()
    }
    isWhole = isOver
  } finally {
    stop.abort()
    await running
  }
  const isDone = isWhole && !signal.aborted
  await note()
  return isDone ? { to: 'done', reason: reading.progress().missing } : undefined
}

/** Keeps to the rate of a rerun, and waits while the relay is far behind. */
function pace(
  perSecond: number,
  { clock, lag }: RerunPorts,
  signal: AbortSignal,
): (stored: number) => Promise<void> {
  let fromMs = clock.monotonicMs()
  return async function paced(stored) {
    const restMs = (stored * 1_000) / perSecond - (clock.monotonicMs() - fromMs)
    await clock.sleep(Math.max(0, restMs), signal)
    while (lag() > RERUN_LAG_MAX && !signal.aborted) await clock.sleep(RERUN_WAIT_MS, signal)
    fromMs = clock.monotonicMs()
  }
}
