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
import type { ConsumerDefinition, RecordHandler, RecordRoute } from './consumer.ts'
import type { ProviderRow } from './providers/row.ts'
import type { RecordDraft } from './record.ts'
import { compileRoutes } from './route.ts'
import type { Event, HandledRoute, Handler, SourceDefinition } from './route.ts'

export { z }
export { RetryableError } from './errors.ts'
export { FinalError } from './final-error.ts'
export type { Json, RecordDraft } from './record.ts'
export type { ProviderRow } from './providers/row.ts'
export { verifyVectors, type ProviderVector } from './providers/own.ts'
export type {
  ConsumedEvent,
  ConsumerDefinition,
  ConsumerRoute,
  RecordHandler,
  RecordRoute,
  RetryPolicy,
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
export function onRecord<Schema extends z.ZodType>(
  schema: Schema,
  handle: RecordHandler<z.output<Schema>>,
): RecordRoute {
  return { kind: 'record', schema, handle: handle as RecordHandler<unknown> }
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
export function defineConsumer(
  name: string,
  definition: Omit<ConsumerDefinition, 'kind' | 'name'>,
): ConsumerDefinition {
  return { kind: 'consumer', name, ...definition }
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
