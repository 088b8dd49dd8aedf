/** The admin API's part about sending stored events again. See admin-api.ts. */
import { z } from 'zod'
import { IsoTime } from './admin-api.ts'
import { EventFilter } from './events.ts'
import { RERUN_PER_SECOND, RERUN_PER_SECOND_MAX, RERUN_SEQS_MAX } from '../limits/limits.ts'
import { REDRIVEN_STATUSES, RERUN_KINDS, RERUN_STATES } from '../rerun.ts'

const Kind = z
  .enum(RERUN_KINDS)
  .describe(
    '`replay` runs events through the handlers of today, `republish` sends their records again ' +
      'unchanged, `redrive` gives Kafka once more what it refused, `reconsume` has a consumer ' +
      'handle records of its topics again.',
  )

/** A place in partitions. */
const Position = z.union([z.enum(['earliest', 'latest']), IsoTime, z.int().min(0)])

/** Which events a rerun is about. */
export const RerunQuery = EventFilter.extend({
  seqs: z
    .array(z.int().min(1))
    .min(1)
    .max(RERUN_SEQS_MAX)
    .optional()
    .describe('Only these events; instead of any other condition on events.'),
  topic: z
    .string()
    .optional()
    .describe('Of a redrive and of a reconsume: only records of this topic.'),
  status: z.enum(REDRIVEN_STATUSES).optional().describe('Of a redrive: only records like this.'),
  consumer: z.string().optional().describe('Of a reconsume: whose records.'),
  partition: z.int().min(0).optional().describe('Of a reconsume: only this partition.'),
  from: Position.optional().describe('Of a reconsume: where it begins.'),
  to: Position.optional().describe('Of a reconsume: before what it ends. Default: `latest`.'),
}).meta({ id: 'RerunQuery' })
export type RerunQuery = z.infer<typeof RerunQuery>

export const PlanRequest = z
  .strictObject({ kind: Kind, query: RerunQuery })
  .meta({ id: 'PlanRequest' })

/** What a rerun would do. */
export const Plan = z
  .object({
    events: z.int().describe('Of a redrive: records.'),
    records: z.int(),
    topics: z.array(z.object({ topic: z.string(), records: z.int() })),
    isComplete: z.boolean().describe('False where counting stopped early: there are more.'),
    text: z.string(),
  })
  .meta({ id: 'Plan' })
export type Plan = z.infer<typeof Plan>

export const RerunRequest = PlanRequest.extend({
  perSecond: z
    .int()
    .min(1)
    .max(RERUN_PER_SECOND_MAX)
    .default(RERUN_PER_SECOND)
    .describe('Records a second at most.'),
  by: z
    .string()
    .regex(/^[\x20-\x7e]{1,64}$/)
    .optional()
    .describe('Who asks, for the list of reruns.'),
}).meta({ id: 'RerunRequest' })

/** Events that are sent again. */
export const Rerun = z
  .object({
    id: z.string(),
    kind: Kind,
    query: RerunQuery,
    state: z.enum(RERUN_STATES),
    by: z.string(),
    createdAt: IsoTime,
    finishedAt: IsoTime.nullable(),
    total: z.int().nullable().describe('Null where counting took too long.'),
    done: z.int(),
    failed: z.int().describe('Of a replay: handlers failed, or data did not fit.'),
    records: z.int().describe('Records that it has put into the outbox, or back on their way.'),
    perSecond: z.int(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Rerun' })
export type Rerun = z.infer<typeof Rerun>

export const Reruns = z.object({ reruns: z.array(Rerun) }).meta({ id: 'Reruns' })
