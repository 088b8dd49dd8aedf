import { createRoute, z } from '@hono/zod-openapi'
import {
  Plan,
  PlanRequest,
  Rerun,
  RerunRequest,
  Reruns,
  type RerunQuery as QueryOnTheWire,
} from '../../src/admin-api/reruns.ts'
import { unreachable } from '../../src/assert.ts'
import type { SeekTarget } from '../../src/consumer-status.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { RERUNS_LISTED_MAX } from '../../src/limits/limits.ts'
import type { NewRerun, Rerun as StoredRerun, RerunKind, RerunPlan } from '../../src/rerun.ts'
import { answering, openResource } from './resource.ts'

type Query = StoredRerun['query']

export interface RerunsPorts {
  readonly plan: (kind: RerunKind, query: Query) => Promise<RerunPlan>
  readonly ask: (asked: Omit<NewRerun, 'id'>) => Promise<StoredRerun>
  /** Newest first. */
  readonly list: (limit: number) => readonly StoredRerun[]
  readonly byId: (id: string) => StoredRerun | undefined
  readonly stop: (id: string) => Promise<StoredRerun | undefined>
  readonly resume: (id: string) => Promise<StoredRerun | undefined>
}

const json = <Schema extends z.ZodType>(schema: Schema) => ({
  body: { content: { 'application/json': { schema } }, required: true },
})
const params = z.object({ id: z.string() })
const one = answering(Rerun, 'The rerun.', ['RERUN_UNKNOWN'])

/** Of a reconsume. */
const RANGE_FAULTS = [
  'CONSUMER_UNKNOWN',
  'CONSUMER_NOT_RUNNING',
  'CONSUMER_KEEPS_STATE',
  'RANGE_REVERSED',
  'OFFSET_UNKNOWN',
  'BROKER_UNAVAILABLE',
] as const

const plan = createRoute({
  method: 'post',
  path: '/api/reruns/plan',
  summary: 'What a rerun would do. Changes nothing.',
  request: json(PlanRequest),
  responses: answering(Plan, 'The plan.', RANGE_FAULTS),
})

const ask = createRoute({
  method: 'post',
  path: '/api/reruns',
  summary: 'Sends stored events again, at a bounded rate. Whoever asks need not wait for it.',
  request: json(RerunRequest),
  responses: answering(Rerun, 'It is stored, and goes on whatever happens.', [
    'RERUNS_EXHAUSTED',
    ...RANGE_FAULTS,
  ]),
})

const list = createRoute({
  method: 'get',
  path: '/api/reruns',
  summary: 'What was sent again, by whom, and how far it is. Newest first.',
  responses: answering(Reruns, 'The newest reruns.'),
})

const read = createRoute({
  method: 'get',
  path: '/api/reruns/{id}',
  summary: 'How far a rerun is.',
  request: { params },
  responses: one,
})

const stop = createRoute({
  method: 'post',
  path: '/api/reruns/{id}/stop',
  summary: 'Stops a rerun where it is.',
  request: { params },
  responses: one,
})

const resume = createRoute({
  method: 'post',
  path: '/api/reruns/{id}/resume',
  summary: 'Goes on with a rerun that was stopped, or that failed.',
  request: { params },
  responses: one,
})

export function rerunsRoutes(ports: RerunsPorts) {
  const app = openResource()
  app.openapi(plan, async (c) => {
    const { kind, query } = c.req.valid('json')
    const planned = await ports.plan(kind, toQuery(kind, query))
    return c.json({ ...planned, topics: [...planned.topics], text: textOf(kind, planned) }, 200)
  })
  app.openapi(ask, async (c) => {
    const { kind, query: asked, perSecond, by = 'somebody' } = c.req.valid('json')
    const query = toQuery(kind, asked)
    const { events, isComplete } = await ports.plan(kind, query)
    const total = isComplete ? events : null
    const who = `${by} from ${c.env.peer}`
    return c.json(toWire(await ports.ask({ kind, query, perSecond, total, by: who })), 200)
  })
  app.openapi(list, (c) => c.json({ reruns: ports.list(RERUNS_LISTED_MAX).map(toWire) }, 200))
  app.openapi(read, (c) => c.json(known(ports.byId(c.req.valid('param').id)), 200))
  app.openapi(stop, async (c) => c.json(known(await ports.stop(c.req.valid('param').id)), 200))
  app.openapi(resume, async (c) => c.json(known(await ports.resume(c.req.valid('param').id)), 200))
  return app
}

function known(rerun: StoredRerun | undefined): Rerun {
  if (rerun === undefined) throw new GatewayError('RERUN_UNKNOWN', 'no rerun has this id')
  return toWire(rerun)
}

/** Refuses what would be ignored: a rerun of too much cannot be taken back. */
function toQuery(kind: RerunKind, asked: QueryOnTheWire): Query {
  const { consumer, partition, from, to, ...ofStored } = asked
  if (kind === 'reconsume') return toRange(asked)
  const ofRange = Object.keys({ consumer, partition, from, to }).filter((name) => name in asked)
  if (ofRange.length > 0) {
    throw new GatewayError('REQUEST_MALFORMED', `${ofRange.join(', ')} is for a reconsume`)
  }
  return toStoredQuery(kind, ofStored)
}

/** The part of a query that is about a consumer's topics. */
function toRange({
  consumer,
  topic,
  partition,
  from,
  to = 'latest',
  ...rest
}: QueryOnTheWire): Query {
  const others = Object.keys(rest)
  if (others.length > 0) {
    throw new GatewayError('REQUEST_MALFORMED', `${others.join(', ')} is not for a reconsume`)
  }
  if (consumer === undefined || from === undefined) {
    throw new GatewayError('REQUEST_MALFORMED', 'a reconsume names its consumer, and `from`')
  }
  const isOffset = [from, to].some((each) => typeof each === 'number')
  if (isOffset && (topic === undefined || partition === undefined)) {
    throw new GatewayError('REQUEST_MALFORMED', 'an offset is one of a topic and a partition')
  }
  return { consumer, topic, partition, from: toTarget(from), to: toTarget(to) }
}

function toTarget(place: number | string): SeekTarget {
  if (typeof place === 'number' || place === 'earliest' || place === 'latest') return place
  return { at: Date.parse(place) }
}

function fromTarget(target: SeekTarget): number | string {
  return typeof target === 'object' ? new Date(target.at).toISOString() : target
}

function toStoredQuery(
  kind: RerunKind,
  { since, until, ...query }: Omit<QueryOnTheWire, 'from' | 'to'>,
): Query {
  const { seqs, topic, status, ...others } = query
  const ofEvents = Object.keys({ ...others, ...(since && { since }), ...(until && { until }) })
  if (seqs !== undefined && ofEvents.length > 0) {
    throw new GatewayError(
      'REQUEST_MALFORMED',
      `seqs and ${ofEvents.join(', ')} exclude each other`,
    )
  }
  if (kind !== 'redrive' && (topic !== undefined || status !== undefined)) {
    throw new GatewayError('REQUEST_MALFORMED', 'topic and status are for a redrive')
  }
  if (kind === 'redrive' && (query.records !== undefined || query.text !== undefined)) {
    throw new GatewayError('REQUEST_MALFORMED', 'records and text are not for a redrive')
  }
  return {
    ...query,
    ...(since === undefined ? {} : { since: Date.parse(since) }),
    ...(until === undefined ? {} : { until: Date.parse(until) }),
  }
}

function toWire({ query, createdAt, finishedAt, ...rerun }: StoredRerun): Rerun {
  const { since, until, seqs, from, to, ranges: _, ...others } = query
  // What the database alone needs to know is left out.
  return Rerun.parse({
    ...rerun,
    query: {
      ...others,
      ...(seqs === undefined ? {} : { seqs: [...seqs] }),
      ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
      ...(from === undefined ? {} : { from: fromTarget(from) }),
      ...(to === undefined ? {} : { to: fromTarget(to) }),
    },
    createdAt: new Date(createdAt).toISOString(),
    finishedAt: finishedAt === null ? null : new Date(finishedAt).toISOString(),
  })
}

function textOf(kind: RerunKind, { events, records, isComplete }: RerunPlan): string {
  const atLeast = isComplete ? '' : 'at least '
  const more = isComplete ? '' : ' Counting stopped early: it does all that match.'
  const of = `${atLeast}${counted(records, 'record')}`
  switch (kind) {
    case 'replay':
      return (
        `Runs ${atLeast}${counted(events, 'event')} through the handlers of today. What comes of ` +
        `it only they know: last time it was ${counted(records, 'record')}.${more}`
      )
    case 'republish':
      return `Sends ${of} of ${counted(events, 'event')} again, unchanged.${more}`
    case 'redrive':
      return `Gives Kafka ${of} once more.${more}`
    case 'reconsume':
      return (
        `Hands ${counted(events, 'record')} to the consumer at most once more, whether or not it ` +
        'has processed them. What it publishes carries inlet-replay.'
      )
    default:
      return unreachable(kind)
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
