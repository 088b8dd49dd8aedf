/** Where events go: the types behind a handler file, and the router that they compile to. */
import type { z } from 'zod'
import type { EpochMs } from './clock.ts'
import type { RecordDraft } from './record.ts'
import type { DeclaredTopic } from './topic.ts'

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
  /**
   * The attributes of an event from `POST /events`, as its sender wrote them: `source`, `subject`,
   * extensions, … Undefined for a webhook.
   */
  readonly attributes?: Readonly<Record<string, string>>
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

/** Finds the route of a type; undefined: nobody wants it. */
export type Router = (type: string) => Route | undefined

/** A source: who sends, and what happens to what they send. */
export interface SourceDefinition {
  readonly name: string
  /** A provider of the catalogue, by its key, or one that `defineProvider` made. */
  readonly provider: string | { readonly key: string }
  readonly events: Readonly<Record<string, Route>>
  /** The topics that its handlers publish to, for the AsyncAPI document. */
  readonly publishes?: readonly DeclaredTopic[]
}

/** The events of a source without a handler file: everything to one topic, bytes unchanged. */
export function passEverything(topic: string): SourceDefinition['events'] {
  return { '*': { topic } satisfies PassThrough }
}

/**
 * Compiles a source's routes. The exact type wins, then the longest prefix written
 * as `prefix.*`, then `*`.
 *
 * @example compileRoutes({ 'push': a, 'pull_request.*': b, '*': c })('pull_request.opened') // b
 */
export function compileRoutes<Each>(
  events: Readonly<Record<string, Each>>,
): (type: string) => Each | undefined {
  const exact = new Map(Object.entries(events).filter(([pattern]) => !pattern.endsWith('*')))
  const prefixes = Object.entries(events)
    .filter(([pattern]) => pattern.endsWith('.*'))
    .map(([pattern, route]) => ({ prefix: pattern.slice(0, -1), route }))
    .toSorted((a, b) => b.prefix.length - a.prefix.length)
  const otherwise = events['*']
  return (type) =>
    exact.get(type) ?? prefixes.find(({ prefix }) => type.startsWith(prefix))?.route ?? otherwise
}

/** Whether a pattern of `events` can be compiled: a type, `prefix.*` or `*`. */
export function isTypePattern(pattern: string): boolean {
  const stars = pattern.split('*').length - 1
  return (
    pattern !== '' && (stars === 0 || (stars === 1 && (pattern === '*' || pattern.endsWith('.*'))))
  )
}
