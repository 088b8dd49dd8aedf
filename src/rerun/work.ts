import { failpoint } from '../failpoint.ts'
import {
  RERUN_LAG_MAX,
  RERUN_STARTS_MAX,
  RERUN_STEP_BYTES_MAX,
  RERUN_STEP_EVENTS_MAX,
  RERUN_WAIT_MS,
} from '../limits/limits.ts'
import type { Rerun, RerunCounts, RerunStep } from '../rerun.ts'
import { findStep } from './find.ts'
import type { Ended, RerunPorts, WorkContext } from './ports.ts'
import { reconsume } from './reconsume.ts'

/**
 * Works on a rerun: reads what comes next, runs what has to run, and stores that with the cursor in
 * one transaction, again and again. Undefined: it was stopped, or `signal` aborted.
 */
export async function workOn(
  { id, kind, cursor }: Rerun,
  ports: RerunPorts,
  { signal, nap }: WorkContext,
): Promise<Ended | undefined> {
  const { clock } = ports
  if (kind === 'reconsume') return reconsume(id, ports, { signal, nap })
  let to = cursor
  while (!signal.aborted) {
    const rerun = ports.byId(id)
    if (rerun?.state !== 'running') return undefined
    if (rerun.starts > RERUN_STARTS_MAX) return { to: 'failed', reason: crashed(rerun) }
    if (ports.lag() > RERUN_LAG_MAX) {
      await nap(RERUN_WAIT_MS, signal)
      continue
    }
    const startedMs = clock.monotonicMs()
    const max = { limit: limitOf(rerun), bytesMax: RERUN_STEP_BYTES_MAX }
    const found = await findStep({ ...rerun, cursor: to }, max, ports)
    to = found.to
    const counts =
      found.seqs.length === 0 ? undefined : await step({ ...rerun, kind }, found, ports)
    if (found.seqs.length === 0 && to >= rerun.bound) return { to: 'done', reason: missing(rerun) }
    const cost = counts === undefined ? 0 : Math.max(counts.done, counts.records)
    const restMs = (cost * 1000) / rerun.perSecond - (clock.monotonicMs() - startedMs)
    await nap(Math.max(0, restMs), signal)
  }
  return undefined
}

/** One about what is stored. */
type StoredRerun = Rerun & { readonly kind: Exclude<Rerun['kind'], 'reconsume'> }

/** Undefined where it was stopped meanwhile: then nothing of it is stored. */
async function step(
  { id, kind, cursor: from }: StoredRerun,
  { seqs, to }: { readonly seqs: readonly number[]; readonly to: number },
  ports: RerunPorts,
): Promise<RerunCounts | undefined> {
  async function store(work: RerunStep['work']): Promise<RerunCounts | undefined> {
    failpoint('rerun.prepared')
    const counts = await ports.step({ id, from, to, work })
    failpoint('rerun.stepped')
    return counts
  }
  if (kind === 'republish') return store({ kind, seqs })
  if (kind === 'replay') return ports.replay(seqs, (results) => store({ kind, results }))
  const { clock, hasBlockedKeys, ring } = ports
  const counts = await store({ kind, seqs, at: clock.now(), hasBlockedKeys })
  ring()
  return counts
}

/** Few enough for its rate; one at a time where the process ended in the last step. */
function limitOf({ perSecond, starts }: Rerun): number {
  if (starts > 1) return 1
  return Math.min(RERUN_STEP_EVENTS_MAX, Math.ceil(perSecond / STEPS_PER_SECOND))
}

/** A slow rerun goes on steadily, and is stopped at once. */
const STEPS_PER_SECOND = 10

/** Why one is given up that ends the process again and again. */
function crashed({ starts, cursor }: Rerun): string {
  return `the process ended ${starts - 1} times in the step behind seq ${cursor}`
}

/** What retention took, or what changed so that it no longer matches. */
function missing({ total, done }: Rerun): string | null {
  if (total === null || done >= total) return null
  return `${total - done} of ${total} are gone, or no longer match`
}
