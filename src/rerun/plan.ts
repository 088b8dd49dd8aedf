import type { Clock } from '../clock.ts'
import { RERUN_PLAN_MS_MAX, RERUN_PLAN_SLICE } from '../limits/limits.ts'
import type { RerunKind, RerunPlan, RerunQuery } from '../rerun.ts'
import { find, type FindPorts } from './find.ts'

export interface PlanPorts extends FindPorts {
  readonly clock: Clock
  /** The seq up to which a rerun that is asked for now would go. */
  readonly boundOf: (kind: RerunKind) => number
  /** The topic of each record that would be sent. */
  readonly topicsOf: (kind: RerunKind, seqs: readonly number[]) => Promise<readonly string[]>
}

/** What a rerun would do: counts to the end, or for as long as somebody waits. */
export async function planRerun(
  kind: RerunKind,
  query: RerunQuery,
  ports: PlanPorts,
): Promise<RerunPlan> {
  const { clock, boundOf, topicsOf } = ports
  const endMs = clock.monotonicMs() + RERUN_PLAN_MS_MAX
  const bound = boundOf(kind)
  const byTopic = new Map<string, number>()
  let events = 0
  let cursor = 0
  while (cursor < bound && clock.monotonicMs() < endMs) {
    const { seqs, to } = await find({ kind, query, cursor, bound }, RERUN_PLAN_SLICE, ports)
    cursor = to
    events += seqs.length
    const topics = seqs.length === 0 ? [] : await topicsOf(kind, seqs)
    for (const topic of topics) byTopic.set(topic, (byTopic.get(topic) ?? 0) + 1)
  }
  const topics = [...byTopic].map(([topic, records]) => ({ topic, records }))
  return {
    events,
    records: topics.reduce((sum, { records }) => sum + records, 0),
    topics: topics.toSorted((a, b) => b.records - a.records),
    isComplete: cursor >= bound,
  }
}
