/** Topics whose records are declared once, for who publishes to them and who reads them. */
import type { z } from 'zod'
import type { RecordHandler, RecordRoute } from './consumer.ts'
import { GatewayError } from './faults/faults.ts'
import { TOPIC_NAME } from './limits/limits.ts'
import type { Json, RecordDraft } from './record.ts'
import { compileRoutes, isTypePattern } from './route.ts'

/** By type, as in `events`: the exact one first, then the longest prefix with `.*`, then `*`. */
export type TopicSchemas = Readonly<Record<string, z.ZodType>>

/** The schema that records of a type have. */
type SchemaOf<Schemas extends TopicSchemas, Type extends string> = Type extends keyof Schemas
  ? Schemas[Type]
  : Schemas[keyof Schemas]

/** What may be published: of a topic that has patterns any type, else those that it names. */
type RecordType<Schemas extends TopicSchemas> = keyof Schemas & string extends infer Name
  ? Name extends `${string}*`
    ? string
    : Name & string
  : never

/** A record for a topic: a draft whose value the topic's schema takes. */
export interface TopicDraft<Value> extends Omit<RecordDraft, 'topic' | 'type' | 'value'> {
  readonly value: Value
}

/** A topic with what its records are, whatever they are. */
export interface DeclaredTopic {
  readonly kind: 'topic'
  readonly name: string
  readonly schemas: TopicSchemas
}

/** A topic whose records are known by type. Made by `defineTopic`. */
export interface Topic<Schemas extends TopicSchemas> extends DeclaredTopic {
  readonly schemas: Schemas
  /**
   * A record of this type for the topic, which a handler returns. Its value is published as it was
   * given: whoever reads it runs the schema over it again.
   *
   * @throws GatewayError HANDLER_RESULT_INVALID where the schema does not take the value.
   */
  record<Type extends RecordType<Schemas>>(
    type: Type,
    draft: TopicDraft<z.input<SchemaOf<Schemas, Type>>>,
  ): RecordDraft
}

/**
 * What is done with each type of a topic; `*` takes all that it declares and that no other takes.
 * Types that the topic does not declare are passed over.
 */
export type TopicHandlers<Schemas extends TopicSchemas, State = unknown> = {
  readonly [Type in Exclude<keyof Schemas & string, '*'>]?: RecordHandler<
    z.output<Schemas[Type]>,
    State
  >
} & { readonly '*'?: RecordHandler<z.output<Schemas[keyof Schemas]>, State> }

/** A topic with routes of its own, among the `topics` of a consumer. Made by `fromTopic`. */
export interface TopicRoutes<State = unknown> {
  readonly kind: 'topic-routes'
  readonly topic: DeclaredTopic
  readonly events: Readonly<Record<string, RecordRoute<State>>>
}

/** Makes a topic: see `defineTopic` of gateway.ts. */
export function makeTopic<Schemas extends TopicSchemas>(
  name: string,
  schemas: Schemas,
): Topic<Schemas> {
  const find = compileRoutes<z.ZodType>(schemas)
  return {
    kind: 'topic',
    name,
    schemas,
    record(type, { value, ...draft }) {
      const parsed = find(type)?.safeParse(value)
      if (parsed === undefined) throw mismatch(name, type, 'the topic does not declare this type')
      if (!parsed.success) {
        const [issue] = parsed.error.issues
        throw mismatch(name, type, `${issue?.path.join('.') || '(root)'}: ${issue?.message ?? ''}`)
      }
      // What is no JSON is refused when the record is stored.
      return { ...draft, topic: name, type, value: value as Json }
    },
  }
}

function mismatch(topic: string, type: string, why: string): GatewayError {
  return new GatewayError('HANDLER_RESULT_INVALID', `${type} for "${topic}": ${why}`)
}

/** Makes the routes of a topic: each type that it declares with its schema and its handler. */
export function makeTopicRoutes<State>(
  topic: DeclaredTopic,
  handlers: Readonly<Record<string, RecordHandler<never, State> | undefined>>,
): TopicRoutes<State> {
  const events: Record<string, RecordRoute<State>> = {}
  for (const [type, schema] of Object.entries(topic.schemas)) {
    const handle = (handlers[type] ?? handlers['*']) as RecordHandler<unknown, State> | undefined
    if (handle !== undefined) events[type] = { kind: 'record', schema, handle }
  }
  return { kind: 'topic-routes', topic, events }
}

/** What is wrong with what stands for a topic in a handler file; undefined: nothing. */
export function topicProblem(value: unknown): string | undefined {
  const { kind, name, schemas } = { ...(value as Partial<DeclaredTopic> | null) }
  if (kind !== 'topic') return 'must be made by defineTopic'
  if (typeof name !== 'string' || !TOPIC_NAME.test(name)) return 'has no valid Kafka topic name'
  const wrong = Object.keys({ ...schemas }).find((type) => !isTypePattern(type))
  return wrong === undefined ? undefined : `"${wrong}" must be a type, \`prefix.*\` or \`*\``
}

/** What is wrong with the `publishes` of a handler file; undefined: nothing. */
export function publishesProblem(publishes: unknown): string | undefined {
  if (publishes === undefined) return undefined
  if (!Array.isArray(publishes)) return 'publishes must be a list of topics'
  const problem = publishes.map(topicProblem).find((each) => each !== undefined)
  return problem === undefined ? undefined : `publishes: one ${problem}`
}

/** A topic's own routes, among those that a consumer names. */
export function isTopicRoutes(topic: unknown): topic is TopicRoutes {
  return typeof topic === 'object' && topic !== null && 'kind' in topic
}
