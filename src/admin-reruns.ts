/** The admin API's part about sending stored events again. See admin-api.ts. */
import { z } from 'zod'
import { IsoTime } from './admin-api.ts'
import { EventFilter } from './admin-events.ts'

/**
 * `replay` runs events through today's handlers, `republish` sends their records again unchanged,
 * `redrive` puts dead ones back into the outbox.
 */
export const RERUN_KINDS = ['replay', 'republish', 'redrive'] as const

export const RerunQuery = EventFilter.extend({
  seq: z.int().optional().describe('Only this event.'),
  topic: z.string().optional().describe('Only records of this topic.'),
}).meta({ id: 'RerunQuery' })

export const PlanRequest = z
  .strictObject({ kind: z.enum(RERUN_KINDS), query: RerunQuery })
  .meta({ id: 'PlanRequest' })

/** What a rerun would do. */
export const Plan = z
  .object({
    events: z.int(),
    records: z.int(),
    topics: z.array(z.object({ topic: z.string(), records: z.int() })),
    isComplete: z.boolean().describe('False where counting stopped early: there are more.'),
    text: z.string(),
  })
  .meta({ id: 'Plan' })
export type Plan = z.infer<typeof Plan>

export const RerunRequest = PlanRequest.extend({
  perSecond: z.int().min(1).optional().describe('Events a second at most.'),
}).meta({ id: 'RerunRequest' })

/** Events that are sent again. */
export const Rerun = z
  .object({
    id: z.string(),
    kind: z.enum(RERUN_KINDS),
    query: RerunQuery,
    state: z.enum(['running', 'stopped', 'done', 'failed']),
    by: z.string(),
    createdAt: IsoTime,
    finishedAt: IsoTime.nullable(),
    total: z.int(),
    done: z.int(),
    failed: z.int(),
    perSecond: z.int(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Rerun' })
export type Rerun = z.infer<typeof Rerun>

export const Reruns = z.object({ reruns: z.array(Rerun) }).meta({ id: 'Reruns' })
