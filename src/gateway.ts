/**
 * What handler files import as `inlet`.
 *
 * @example
 * import { defineSource, on, z } from 'inlet'
 *
 * const PullRequest = z.object({ number: z.number(), repository: z.object({ id: z.number() }) })
 *
 * export default defineSource('github', {
 *   provider: 'github',
 *   events: {
 *     'pull_request.opened': on(PullRequest, ({ data }) => ({
 *       topic: 'code.reviews',
 *       key: data.repository.id,
 *       value: data,
 *     })),
 *     '*': { topic: 'webhooks.github' },
 *   },
 * })
 */
import { z } from 'zod'
import type {
  AggregateRoute,
  Aggregator,
  ConsumedEvent,
  ConsumerDefinition,
  RecordHandler,
  RecordRoute,
} from './consumer.ts'
import type { ProviderRow } from './providers/row.ts'
import type { RecordDraft } from './record.ts'
import { compileRoutes } from './route.ts'
import { makeTopic, makeTopicRoutes } from './topic.ts'
import type { DeclaredTopic, Topic, TopicHandlers, TopicRoutes, TopicSchemas } from './topic.ts'
import type { Event, HandledRoute, Handler, SourceDefinition } from './route.ts'

export { z }
export { RetryableError } from './faults/faults.ts'
export { FinalError } from './final-error.ts'
export type { Json, RecordDraft } from './record.ts'
export type { ProviderRow } from './providers/row.ts'
export { verifyVectors, type ProviderVector } from './providers/own.ts'
export { hopping, session, tumbling, type Duration, type WindowShape } from './window.ts'
export type { KeyedState } from './consumer-state.ts'
export type {
  DeclaredTopic,
  Topic,
  TopicDraft,
  TopicHandlers,
  TopicRoutes,
  TopicSchemas,
} from './topic.ts'
export type {
  AggregateRoute,
  Aggregator,
  ConsumedEvent,
  ConsumerDefinition,
  ConsumerRoute,
  RecordHandler,
  RecordRoute,
  RetryPolicy,
  WindowDefinition,
  WindowResult,
} from './consumer.ts'
export type {
  Event,
  HandledRoute,
  Handler,
  HandlerResult,
  PassThrough,
  Route,
  SourceDefinition,
} from './route.ts'

/**
 * Routes events whose data matches `schema` to `handle`. Data that does not match is
 * stored as `invalid`, acknowledged and visible; it reaches `handle` when it is replayed
 * with a corrected schema.
 */
export function on<Schema extends z.ZodType>(
  schema: Schema,
  handle: Handler<z.output<Schema>>,
): HandledRoute {
  return { kind: 'handled', schema, handle: handle as Handler<unknown> }
}

/**
 * Defines a source. A handler file exports it as its default.
 *
 * `events` maps a type to its route: the exact type first, then the longest prefix that ends in
 * `.*`, then `*`. An event that no route takes is stored as `ignored`.
 *
 * The source is active once its secret is configured: `INLET_SECRET_<NAME>`.
 */
export function defineSource(
  name: string,
  definition: Omit<SourceDefinition, 'name'>,
): SourceDefinition {
  return { name, ...definition }
}

/**
 * Routes records whose data matches `schema` to `handle`. Data that does not match is a dead letter
 * at once; it reaches `handle` when it is replayed with a corrected schema.
 */
export function onRecord<Data extends z.ZodType>(
  schema: Data,
  handle: RecordHandler<z.output<Data>>,
): RecordRoute
/** With the state of the record's key: `state` is the schema that the consumer names, too. */
export function onRecord<Data extends z.ZodType, State extends z.ZodType>(
  schema: Data,
  state: State,
  handle: RecordHandler<z.output<Data>, z.output<State>>,
): RecordRoute<z.output<State>>
export function onRecord(
  schema: z.ZodType,
  ...rest: readonly [unknown] | readonly [unknown, unknown]
): RecordRoute {
  return { kind: 'record', schema, handle: rest.at(-1) as RecordHandler<unknown> }
}

/**
 * Adds records whose data matches `schema` to the windows of their key; `state` is the schema that
 * the consumer names, too. `add` is given the state of a window, undefined for its first event, and
 * returns the state with this event. It runs again after a crash, so it must do nothing else.
 *
 * An event's time is `eventTime` in ms since 1970, else the `time` of the CloudEvent, else when it
 * was written.
 *
 * @example
 * aggregate(Charge, Sum, (sum = { cents: 0 }, { data }) => ({ cents: sum.cents + data.cents }))
 */
export function aggregate<Data extends z.ZodType, State extends z.ZodType>(
  schema: Data,
  _state: State,
  add: Aggregator<z.output<Data>, z.output<State>>,
  options: { readonly eventTime?: (event: ConsumedEvent<z.output<Data>>) => number } = {},
): AggregateRoute<z.output<State>> {
  return {
    kind: 'aggregate',
    schema,
    handle: add as Aggregator<unknown, z.output<State>>,
    eventTime: options.eventTime as AggregateRoute['eventTime'],
  }
}

/**
 * Defines a consumer of Kafka topics. A handler file exports it as its default.
 *
 * `events` maps a type (`ce_type`) to its route, as for sources; records that no route takes are
 * passed over. What a handler returns is published, in the transaction in which its record counts
 * as processed.
 *
 * @example
 * export default defineConsumer('failed-payments', {
 *   topics: ['webhooks.stripe'],
 *   events: {
 *     'charge.failed': onRecord(Charge, ({ data }) => ({
 *       topic: 'alerts',
 *       key: data.data.object.customer,
 *       value: { amount: data.data.object.amount },
 *     })),
 *   },
 * })
 */
export function defineConsumer<Schema extends z.ZodType>(
  name: string,
  definition: Omit<ConsumerDefinition<Schema>, 'kind' | 'name'>,
): ConsumerDefinition {
  // The schema checks what is kept before a handler sees it: that is what makes it its output.
  return { kind: 'consumer', name, ...definition } as ConsumerDefinition
}

/**
 * Declares a topic: the schema of each event type in it, once, for handlers that publish to it
 * (`record`) and consumers that read it (`fromTopic`). It stands in a file below the handlers'
 * folder that several of them import.
 *
 * @example
 * export const reviews = defineTopic('code.reviews', {
 *   'review.requested': z.object({ title: z.string(), url: z.url() }),
 * })
 * // in a handler
 * return reviews.record('review.requested', { value: { title, url } })
 */
export function defineTopic<const Schemas extends TopicSchemas>(
  name: string,
  schemas: Schemas,
): Topic<Schemas> {
  return makeTopic(name, schemas)
}

/**
 * Reads a declared topic: stands among the `topics` of a consumer, with a handler for each type.
 *
 * @example
 * topics: [fromTopic(reviews, { 'review.requested': ({ data }) => … })]
 */
export function fromTopic<Schemas extends TopicSchemas>(
  topic: Topic<Schemas>,
  handlers: TopicHandlers<Schemas>,
): TopicRoutes
/** With the state of the record's key: `state` is the schema that the consumer names, too. */
export function fromTopic<Schemas extends TopicSchemas, State extends z.ZodType>(
  topic: Topic<Schemas>,
  state: State,
  handlers: TopicHandlers<Schemas, z.output<State>>,
): TopicRoutes<z.output<State>>
export function fromTopic(
  topic: DeclaredTopic,
  ...rest: readonly [unknown] | readonly [unknown, unknown]
): TopicRoutes {
  return makeTopicRoutes(topic, rest.at(-1) as Parameters<typeof makeTopicRoutes>[1])
}

/**
 * Defines a provider that the catalogue does not have, in the form of its rows: see
 * docs/providers.md. A handler file gives it to `defineSource` as `provider`.
 *
 * @example
 * const acme = defineProvider({ key: 'acme', name: 'Acme', schemes: [ … ], … })
 * const events = { '*': { topic: 'webhooks.acme' } }
 * export default defineSource('acme', { provider: acme, events })
 */
export function defineProvider(row: ProviderRow): ProviderRow {
  return row
}

/** What `simulate` is given: any part of an event; the rest has sample values. */
export type SampleEvent = Partial<Event<unknown>> & { readonly type: string }

/**
 * Runs one event through a source's routes as the gateway would: for unit tests of handler files.
 * Resolves to the records it would publish; none where it would ignore the event.
 *
 * @throws ZodError where the data does not match the route's schema; whatever the handler throws.
 *
 * @example expect(await simulate(github, { type: 'star.created', data: {}
 * })).toEqual([{ topic: 'webhooks.github' }])
 */
export async function simulate(
  source: SourceDefinition,
  sample: SampleEvent,
): Promise<readonly RecordDraft[]> {
  const event = {
    source: source.name,
    id: 'sample-event',
    receivedAt: 0,
    data: undefined,
    body: new TextEncoder().encode(JSON.stringify(sample.data ?? null)),
    ...sample,
  }
  const route = compileRoutes(source.events)(sample.type)
  if (route === undefined) return []
  if (!('kind' in route)) {
    return [{ topic: route.topic, ...(route.key === undefined ? {} : { key: route.key(event) }) }]
  }
  const result = await route.handle({ ...event, data: await route.schema.parseAsync(event.data) })
  if (result === null) return []
  return 'topic' in result ? [result] : result
}
