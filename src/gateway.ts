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
import type { EpochMs } from './clock.ts'
import type { RecordDraft } from './record.ts'
import { compileRoutes } from './source.ts'

export { z }
export type { Json, RecordDraft } from './record.ts'

/** What a handler is given: one verified event. */
export interface Event<Data> {
  /** The name of the source, as configured. */
  readonly source: string
  /** The event's id within its source: the same for every redelivery. */
  readonly id: string
  /** The provider's name for what happened, e.g. `pull_request.opened`. */
  readonly type: string
  /** When this gateway received it, in ms since 1970. */
  readonly receivedAt: EpochMs
  /** The parsed body, as the route's schema returned it. */
  readonly data: Data
  /** The exact bytes that were received. Do not change them: they are what is stored. */
  readonly body: Uint8Array
}

/** A record, several, or null to publish nothing: the event is then stored as `ignored`. */
export type HandlerResult = RecordDraft | readonly RecordDraft[] | null

/** A pure decision: no I/O, the provider is waiting for its answer. */
export type Handler<Data> = (event: Event<Data>) => HandlerResult | Promise<HandlerResult>

/** A schema with the handler for what it lets through. Made by `on`. */
export interface HandledRoute {
  readonly kind: 'handled'
  readonly schema: z.ZodType
  readonly handle: Handler<unknown>
}

/** Publishes the received bytes unchanged. */
export interface PassThrough {
  readonly topic: string
  /** Default: the provider's partition key, else the event id. */
  readonly key?: (event: Event<unknown>) => string | number
}

/** What to do with events of one type. */
export type Route = HandledRoute | PassThrough

/** A source: who sends, and what happens to what they send. */
export interface SourceDefinition {
  readonly name: string
  readonly provider: string
  readonly events: Readonly<Record<string, Route>>
}

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
