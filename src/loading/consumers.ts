/** Makes the consumers that are served from what handler files define. */
import { basename } from 'node:path'
import {
  consumerSource,
  defaultGroup,
  type Consumer,
  type ConsumerDefinition,
  type ConsumerWindow,
  type WindowDefinition,
} from '../consumer.ts'
import {
  CONSUMER_BYTES_MAX,
  CONSUMER_BYTES_SETTING,
  CONSUMER_CONCURRENCY,
  CONSUMER_CONCURRENCY_MAX,
  CONSUMER_IDLE_MS_MIN,
  CONSUMER_OUT_OF_ORDERNESS_MS,
  CONSUMER_RETRY_BASE_MS,
  CONSUMER_RETRY_MS_MAX,
  CONSUMER_RETRYABLE_TRIES_MAX,
  CONSUMER_STATE_ENTRIES_MAX,
  CONSUMER_STATE_ENTRIES_SETTING_MAX,
  CONSUMER_TIMEOUT_MS,
  CONSUMER_TRIES_MAX,
} from '../limits/consumers.ts'
import { SOURCE_NAME, TOPIC_NAME } from '../limits/limits.ts'
import { compileRoutes } from '../route.ts'
import { isTopicRoutes, publishesProblem, topicProblem } from '../topic.ts'
import { parseDuration } from '../window.ts'
import { stateProblem, windowProblem } from './window-problems.ts'

/** A consumer as one handler file defines it. */
export interface LoadedConsumer {
  readonly file: string
  readonly definition: ConsumerDefinition
}

/** Fills in every default. */
export function resolveConsumers(loaded: readonly LoadedConsumer[]): ReadonlyMap<string, Consumer> {
  return new Map(
    loaded.map(({ file, definition }) => [definition.name, toConsumer(file, definition)]),
  )
}

function toConsumer(file: string, definition: ConsumerDefinition): Consumer {
  const { name, topics, events = {}, retry = {}, group = defaultGroup(name) } = definition
  const ofTopics = new Map(
    topics.filter(isTopicRoutes).map(({ topic, events: own }) => [topic.name, compileRoutes(own)]),
  )
  const otherwise = compileRoutes(events)
  return {
    name,
    file,
    topics: topics.map((topic) => (isTopicRoutes(topic) ? topic.topic.name : topic)),
    group,
    from: definition.from ?? 'earliest',
    concurrency: definition.concurrency ?? CONSUMER_CONCURRENCY,
    timeoutMs: definition.timeoutMs ?? CONSUMER_TIMEOUT_MS,
    retry: {
      triesMax: retry.triesMax ?? CONSUMER_TRIES_MAX,
      retryableTriesMax: retry.retryableTriesMax ?? CONSUMER_RETRYABLE_TRIES_MAX,
      baseMs: retry.baseMs ?? CONSUMER_RETRY_BASE_MS,
      maxMs: retry.maxMs ?? CONSUMER_RETRY_MS_MAX,
    },
    memoryBytesMax: definition.memoryBytesMax ?? CONSUMER_BYTES_MAX,
    stateEntriesMax: definition.stateEntriesMax ?? CONSUMER_STATE_ENTRIES_MAX,
    deadLetterTopic: definition.deadLetterTopic,
    state: definition.state,
    window: definition.window && toWindow(definition.window),
    owner: group === defaultGroup(name) ? name : `${name}@${group}`,
    source: consumerSource(name),
    route: (type, topic) => (ofTopics.get(topic) ?? otherwise)(type),
  }
}

function toWindow(definition: WindowDefinition): ConsumerWindow {
  const { over, outOfOrderness, allowedLateness, idleTimeout, ...own } = definition
  return {
    shape: over,
    outOfOrdernessMs: toMs(outOfOrderness, CONSUMER_OUT_OF_ORDERNESS_MS),
    allowedLatenessMs: toMs(allowedLateness, 0),
    idleTimeoutMs: toMs(idleTimeout, CONSUMER_IDLE_MS_MIN),
    merge: own.merge,
    onClose: own.onClose,
    onUpdate: own.onUpdate,
    onLate: own.onLate,
  }
}

/**
 * What is wrong with a consumer beside its events, in one line; undefined where nothing is. Files
 * are user code, so the type is checked, not believed.
 */
export function consumerProblem(value: Readonly<Record<string, unknown>>): string | undefined {
  const unknown = Object.keys(value).find((field) => !FIELDS.has(field))
  if (unknown !== undefined) return `has a field "${unknown}" that a consumer does not know`
  const { name, topics, group, from, concurrency, timeoutMs, retry, deadLetterTopic } = value
  if (typeof name !== 'string' || !SOURCE_NAME.test(name)) {
    return 'the name of a consumer is a-z 0-9 _ -, at most 63 characters'
  }
  if (!Array.isArray(topics) || topics.length === 0 || !topics.every(isTopic)) {
    return 'topics are names of Kafka topics, patterns without the flags g and y, and fromTopic(…)'
  }
  if (value['window'] !== undefined && topics.some(isTopicRoutes)) {
    return 'topics of windows are names: their events are made by aggregate, with its schemas'
  }
  if (group !== undefined && (typeof group !== 'string' || !GROUP_NAME.test(group))) {
    return 'group must be a-z A-Z 0-9 . _ -, at most 249 characters'
  }
  if (from !== undefined && from !== 'earliest' && from !== 'latest') {
    return 'from must be `earliest` or `latest`'
  }
  if (concurrency !== undefined && !isWhole(concurrency, CONSUMER_CONCURRENCY_MAX)) {
    return `concurrency must be a whole number from 1 to ${CONSUMER_CONCURRENCY_MAX}`
  }
  if (timeoutMs !== undefined && !isWhole(timeoutMs, DAY_MS)) {
    return 'timeoutMs must be a whole number of ms, at least 1'
  }
  if (deadLetterTopic !== undefined && !isTopicName(deadLetterTopic)) {
    return 'deadLetterTopic must be a valid Kafka topic name'
  }
  const { memoryBytesMax: bytes, stateEntriesMax: entries } = value
  const { min, max } = CONSUMER_BYTES_SETTING
  if (bytes !== undefined && (!isWhole(bytes, max) || Number(bytes) < min)) {
    return `memoryBytesMax must be a whole number from ${min} to ${max}`
  }
  if (entries !== undefined && !isWhole(entries, CONSUMER_STATE_ENTRIES_SETTING_MAX)) {
    return `stateEntriesMax must be a whole number, at most ${CONSUMER_STATE_ENTRIES_SETTING_MAX}`
  }
  const published = publishesProblem(value['publishes'])
  if (published !== undefined) return published
  const keeping = stateProblem(value) ?? windowProblem(value['window'])
  return keeping ?? (retry === undefined ? undefined : retryProblem(retry))
}

/**
 * One line for each name that two files define, and for each group that two consumers are in: Kafka
 * would divide their topics between them, and records of either would go unread.
 */
export function consumersNamedTwice(consumers: readonly LoadedConsumer[]): string[] {
  const byName = Map.groupBy(consumers, ({ definition }) => definition.name)
  const names = twice(byName, (name, files) => `${files} both define the consumer "${name}"`)
  const first = [...byName.values()].flatMap((files) => files.slice(0, 1))
  const byGroup = Map.groupBy(
    first,
    ({ definition: { name, group } }) => group ?? defaultGroup(name),
  )
  const groups = twice(byGroup, (group, files) => `${files} are both in the group "${group}"`)
  return [...names, ...groups]
}

function twice(
  by: ReadonlyMap<string, readonly LoadedConsumer[]>,
  say: (what: string, files: string) => string,
): readonly string[] {
  return [...by]
    .filter(([, files]) => files.length > 1)
    .map(([what, files]) => say(what, files.map(({ file }) => basename(file)).join(' and ')))
}

const FIELDS: ReadonlySet<string> = new Set([
  'kind',
  'name',
  'topics',
  'group',
  'from',
  'events',
  'concurrency',
  'timeoutMs',
  'retry',
  'deadLetterTopic',
  'state',
  'window',
  'publishes',
  'memoryBytesMax',
  'stateEntriesMax',
] satisfies (keyof ConsumerDefinition)[])

/** Kafka takes more, but what is committed under a name should be readable everywhere. */
const GROUP_NAME = /^[a-zA-Z0-9._-]{1,249}$/
const DAY_MS = 24 * 60 * 60 * 1_000

function toMs(duration: string | undefined, otherwise: number): number {
  return (duration === undefined ? undefined : parseDuration(duration)) ?? otherwise
}

function retryProblem(retry: unknown): string | undefined {
  if (typeof retry !== 'object' || retry === null) return 'retry must be an object'
  const limits = { triesMax: 1_000, retryableTriesMax: 1_000, baseMs: DAY_MS, maxMs: DAY_MS }
  for (const [field, value] of Object.entries(retry)) {
    const max = Object.entries(limits).find(([name]) => name === field)?.[1]
    if (max === undefined) return `retry has a field "${field}" that it does not know`
    if (value !== undefined && !isWhole(value, max)) {
      return `retry.${field} must be a whole number from 1 to ${max}`
    }
  }
  return undefined
}

function isTopic(topic: unknown): boolean {
  if (isTopicRoutes(topic)) return topicProblem(topic.topic) === undefined
  // With these flags a pattern goes on behind its last match, and passes over every other topic.
  return topic instanceof RegExp ? !/[gy]/.test(topic.flags) : isTopicName(topic)
}

function isTopicName(topic: unknown): boolean {
  return typeof topic === 'string' && TOPIC_NAME.test(topic)
}

function isWhole(value: unknown, max: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= max
}
