/** What handler files define: wherever they come from, a directory or the program's own bundle. */
import { basename } from 'node:path'
import { ZodType } from 'zod'
import { consumerProblem, consumersNamedTwice, type LoadedConsumer } from './consumers.ts'
import type { ConsumerDefinition } from '../consumer.ts'
import { SOURCE_NAME, TOPIC_NAME } from '../limits/limits.ts'
import { isTypePattern, type SourceDefinition } from '../route.ts'
import { isTopicRoutes, publishesProblem } from '../topic.ts'

/** A source as one handler file defines it. */
export interface LoadedSource {
  readonly file: string
  readonly definition: SourceDefinition & { readonly provider: string }
  /** The provider that the file itself defines, unchecked; undefined: one of the catalogue. */
  readonly ownProvider?: unknown
}

export interface LoadedHandlers {
  readonly sources: readonly LoadedSource[]
  readonly consumers: readonly LoadedConsumer[]
  /** One line each: file, position where there is one, reason. */
  readonly problems: readonly string[]
}

/** A handler file: what it exports by default, unchecked, or why there is nothing. */
export interface HandlerFile {
  readonly file: string
  readonly definition?: unknown
  /** Why it could not be loaded, with its name. */
  readonly problem?: string
}

/** Takes what handler files export, in their order; user code, so everything is checked. */
export function takeHandlers(files: readonly HandlerFile[]): LoadedHandlers {
  const sources: LoadedSource[] = []
  const consumers: LoadedConsumer[] = []
  const problems: string[] = []
  for (const { file, definition, problem } of files) {
    if (problem !== undefined) {
      problems.push(problem)
      continue
    }
    const checked = checkDefinition(definition)
    if (typeof checked === 'string') problems.push(`${basename(file)}: ${checked}`)
    else if ('kind' in checked) consumers.push({ file, definition: checked })
    else sources.push(namingProvider(file, checked))
  }
  const twice = [...namedTwice(sources), ...consumersNamedTwice(consumers)]
  return { sources, consumers, problems: [...problems, ...twice] }
}

/**
 * What a default export must look like; files are user code, so the type is checked, not believed.
 */
function checkDefinition(value: unknown): SourceDefinition | ConsumerDefinition | string {
  if (!isObject(value)) return 'has no default export made by defineSource or defineConsumer'
  if (value['kind'] === 'consumer') return checkConsumer(value)
  const { name, provider, events } = value
  if (typeof name !== 'string' || !SOURCE_NAME.test(name)) {
    return 'the name of a source is a-z 0-9 _ -, at most 63 characters'
  }
  const isNamed = typeof provider === 'string' || (isObject(provider) && 'key' in provider)
  if (!isNamed) return 'the source names no provider'
  if (!isObject(events) || Object.keys(events).length === 0) return 'the source has no events'
  const problem = publishesProblem(value['publishes']) ?? checkRoutes(events, 'handled')
  return problem ?? (value as unknown as SourceDefinition)
}

function checkConsumer(value: Record<string, unknown>): ConsumerDefinition | string {
  const { events = {}, topics } = value
  if (!isObject(events)) return 'the events of the consumer must be an object'
  const routed = Array.isArray(topics) ? topics.filter(isTopicRoutes) : []
  const isEach = Array.isArray(topics) && topics.length > 0 && routed.length === topics.length
  if (!isEach && Object.keys(events).length === 0) return 'the consumer has no events'
  const kind = value['window'] === undefined ? 'record' : 'aggregate'
  const problem = consumerProblem(value) ?? checkRoutes(events, kind)
  return problem ?? (value as unknown as ConsumerDefinition)
}

function checkRoutes(events: object, kind: Made): string | undefined {
  for (const [pattern, route] of Object.entries(events)) {
    const problem = checkRoute(pattern, route, kind)
    if (problem !== undefined) return `events['${pattern}'] ${problem}`
  }
  return undefined
}

/** The kind of a route that a function of `inlet` has made, and that function. */
type Made = keyof typeof MAKERS
const MAKERS = { handled: 'on', record: 'onRecord', aggregate: 'aggregate' } as const

/** A provider of a file's own goes by its key from here on. */
function namingProvider(file: string, definition: SourceDefinition): LoadedSource {
  const { provider } = definition
  if (typeof provider === 'string') return { file, definition: { ...definition, provider } }
  const own = { ...definition, provider: provider.key }
  return { file, definition: own, ownProvider: provider }
}

function checkRoute(pattern: string, route: unknown, kind: Made): string | undefined {
  const maker = MAKERS[kind]
  if (!isTypePattern(pattern)) return 'must be a type, `prefix.*` or `*`'
  if (!isObject(route)) return `must be made by ${maker}(…) or be { topic }`
  if (route['kind'] === kind) return checkHandled(route, maker)
  if (kind === 'handled' && route['key'] !== undefined && typeof route['key'] !== 'function') {
    return 'must have a function as its key: (event) => …'
  }
  const unknown = Object.keys(route).find(
    (field) => field !== 'topic' && (field !== 'key' || kind !== 'handled'),
  )
  if (unknown !== undefined) return `has a field "${unknown}" that a route does not know`
  if (typeof route['topic'] !== 'string' || !TOPIC_NAME.test(route['topic'])) {
    return `must be made by ${maker}(…) or be { topic } with a valid Kafka topic name`
  }
  return undefined
}

function checkHandled(
  { schema, handle }: Record<string, unknown>,
  maker: string,
): string | undefined {
  if (!(schema instanceof ZodType)) return `must be ${maker}(schema, handler) with a zod schema`
  return typeof handle === 'function'
    ? undefined
    : `must be ${maker}(schema, handler) with a function`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function namedTwice(sources: readonly LoadedSource[]): string[] {
  const byName = Map.groupBy(sources, ({ definition }) => definition.name)
  return [...byName]
    .filter(([, files]) => files.length > 1)
    .map(([name, files]) => {
      const names = files.map(({ file }) => basename(file)).join(' and ')
      return `${names} both define the source "${name}"`
    })
}
