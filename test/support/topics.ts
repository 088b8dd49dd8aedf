import {
  AclPermissionTypes,
  AclResourceTypes,
  ConfigResourceTypes,
  Kafka,
  KafkaJSError,
  logLevel,
  ResourcePatternTypes,
  AclOperationTypes,
  type Admin,
  type IHeaders,
} from 'kafkajs'
import { systemClock } from '../../src/clock.ts'
import { randomToken } from '../../src/ids.ts'

/** A new topic has leaders within 0.1 s; on a loaded machine it took a hundred times that. */
const LEADERS_MS_MAX = 20_000
const POLL_MS = 20

/** A record as Kafka returns it. */
export interface StoredRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly key: string | undefined
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export interface TopicOptions {
  readonly brokers: string
  /** The start of its name; the rest makes it unique. Default `test`. */
  readonly prefix?: string
  /** Default 6. */
  readonly partitions?: number
  /** Copies of each partition. Default 1. */
  readonly replicas?: number
  /** Topic settings, e.g. `{ 'max.message.bytes': '1000' }`. */
  readonly config?: Readonly<Record<string, string>>
}

/**
 * Creates a topic under a new name, e.g. `test-3f2a…`, and waits until its partitions have leaders.
 */
export async function createTopic(options: TopicOptions): Promise<string> {
  const topic = `${options.prefix ?? 'test'}-${randomToken()}`
  await createTopicNamed(topic, options)
  return topic
}

/** Creates a topic under exactly this name, and waits until its partitions have leaders. */
export async function createTopicNamed(topic: string, options: TopicOptions): Promise<void> {
  const { partitions: numPartitions = 6, replicas: replicationFactor = 1 } = options
  const configEntries = Object.entries(options.config ?? {}).map(([name, value]) => ({
    name,
    value,
  }))
  await withAdmin(options.brokers, (admin) =>
    admin.createTopics({
      // kafkajs gives up where the broker it asks has not heard of the topic yet.
      waitForLeaders: false,
      timeout: LEADERS_MS_MAX,
      topics: [{ topic, numPartitions, replicationFactor, configEntries }],
    }),
  )
  for (const broker of options.brokers.split(',')) {
    const led = (await fetchEnds(broker, topic)).length
    if (led !== numPartitions) throw new Error(`${topic} has ${led} partitions on ${broker}`)
  }
}

/** Lets a user do one thing with a topic, and nobody else anything. */
export async function grantOnTopic(
  topic: string,
  { brokers, user, operation }: { brokers: string; user: string; operation: AclOperationTypes },
): Promise<void> {
  const acl = {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${user}`,
    host: '*',
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  }
  await withAdmin(brokers, (admin) => admin.createAcls({ acl: [acl] }))
}

/** Lets a user write to no topic at all while `work` goes on. Others need a rule meanwhile. */
export async function withoutWriting<T>(
  { brokers, user }: { brokers: string; user: string },
  work: () => T | Promise<T>,
): Promise<T> {
  const denied = {
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${user}`,
    host: '*',
    permissionType: AclPermissionTypes.DENY,
  }
  const { TOPIC, CLUSTER } = AclResourceTypes
  const { WRITE, IDEMPOTENT_WRITE } = AclOperationTypes
  const acl = [
    { ...denied, resourceType: TOPIC, resourceName: '*', operation: WRITE },
    // Who has no rule about the cluster may begin as a producer here all the same.
    {
      ...denied,
      resourceType: CLUSTER,
      resourceName: 'kafka-cluster',
      operation: IDEMPOTENT_WRITE,
    },
  ]
  await withAdmin(brokers, (admin) => admin.createAcls({ acl }))
  try {
    return await work()
  } finally {
    await withAdmin(brokers, (admin) => admin.deleteAcls({ filters: acl }))
  }
}

/** Changes a setting of a topic, e.g. `max.message.bytes`. Others go back to their defaults. */
export async function configureTopic(
  brokers: string,
  topic: string,
  config: Readonly<Record<string, string>>,
): Promise<void> {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
  const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }]
  await withAdmin(brokers, (admin) => admin.alterConfigs({ validateOnly: false, resources }))
}

/** Deletes topics, so that the tests' records do not add up. */
export async function deleteTopics(brokers: string, topics: readonly string[]): Promise<void> {
  await withAdmin(brokers, (admin) => admin.deleteTopics({ topics: [...topics] }))
}

/**
 * Reads a topic from its first record to the end that it has now, in order of partition and offset.
 */
export async function readTopic(brokers: string, topic: string): Promise<StoredRecord[]> {
  const ends = await fetchEnds(brokers, topic)
  const waiting = new Map<number, bigint>()
  for (const { partition, low, high } of ends) {
    if (BigInt(high) > BigInt(low)) waiting.set(partition, BigInt(high))
  }
  if (waiting.size === 0) return []

  // By place: a consumer that kafkajs starts again reads from the first record once more.
  const records = new Map<string, StoredRecord>()
  const finished = Promise.withResolvers<void>()
  // It commits nothing, so Kafka forgets the group when it leaves.
  const consumer = makeClient(brokers).consumer({
    groupId: `read-${randomToken()}`,
    maxWaitTimeInMs: 100,
    // A cluster that was just broken has no coordinator for a while.
    retry: { retries: 60, maxRetryTime: 500 },
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) finished.reject(payload.error)
  })
  await consumer.connect()
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        const end = waiting.get(batch.partition)
        if (end === undefined) return Promise.resolve()
        for (const { offset, key, value, headers } of batch.messages) {
          if (BigInt(offset) >= end) break
          records.set(`${batch.partition}/${offset}`, {
            topic,
            partition: batch.partition,
            offset,
            key: key?.toString(),
            value: value ?? Buffer.alloc(0),
            headers: toStrings(headers),
          })
        }
        if (BigInt(batch.lastOffset()) + 1n >= end) waiting.delete(batch.partition)
        if (waiting.size === 0) finished.resolve()
        return Promise.resolve()
      },
    })
    await finished.promise
  } finally {
    await consumer.disconnect()
  }
  return [...records.values()].toSorted(
    (a, b) => a.partition - b.partition || Number(BigInt(a.offset) - BigInt(b.offset)),
  )
}

/**
 * Where the partitions begin and end. Each one's leader answers that for itself, so that this
 * waits until all of them lead: in the metadata they do somewhat earlier.
 */
async function fetchEnds(brokers: string, topic: string) {
  const deadlineMs = systemClock.monotonicMs() + LEADERS_MS_MAX
  for (;;) {
    try {
      // A new client each time: an old one would go on asking those that it took for leaders.
      return await withAdmin(brokers, (admin) => admin.fetchTopicOffsets(topic))
    } catch (error) {
      if (!isPassing(error) || systemClock.monotonicMs() > deadlineMs) throw error
    }
    await systemClock.sleep(POLL_MS)
  }
}

/** Whether kafkajs itself would try again, had it not run out of retries. */
function isPassing(error: unknown): boolean {
  return error instanceof KafkaJSError && (error.retriable || isPassing(error.cause))
}

function toStrings(headers: IHeaders | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]),
  )
}

/** Asks a cluster something, on a connection of its own. */
export async function withAdmin<T>(brokers: string, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = makeClient(brokers).admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

function makeClient(brokers: string): Kafka {
  return new Kafka({
    clientId: 'inlet-tests',
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
  })
}
