/** What a cluster knows of a group before it reads: its topics, its offsets, and their ends. */
import type { Admin, Kafka } from 'kafkajs'
import type { ConsumerPosition, PartitionShare, Place } from '../consumer.ts'
import type { SeekTarget } from '../consumer-status.ts'
import { GatewayError } from '../faults/faults.ts'
import { isGroupOf, ownGroup } from './own-partitions.ts'

/** Topics that a pattern never means: Kafka's own, and what consumers have given up. */
const NEVER_MEANT = /^__|\.dead$/

/**
 * The topics that are named, and those there are that a pattern fits.
 *
 * @throws GatewayError TOPICS_MISSING where one that is named is not there, or there is none.
 */
export async function findTopics(
  kafka: Kafka,
  topics: readonly (string | RegExp)[],
): Promise<readonly string[]> {
  const there = await ask(kafka, (admin) => admin.listTopics())
  const missing = topics.filter((topic) => typeof topic === 'string' && !there.includes(topic))
  if (missing.length > 0) throw new GatewayError('TOPICS_MISSING', missing.join(', '))
  const found = there.filter((name) =>
    topics.some((topic) =>
      typeof topic === 'string' ? topic === name : topic.test(name) && !NEVER_MEANT.test(name),
    ),
  )
  if (found.length === 0) throw new GatewayError('TOPICS_MISSING', topics.join(', '))
  return found
}

/** The group of a consumer, and the partitions that this node declares: undefined where none. */
export interface SharedGroup {
  readonly group: string
  readonly share: PartitionShare | undefined
}

/** What a group has committed for a partition; null: nothing. */
export type Committed = Place & { readonly offset: number | null; readonly metadata: string }

/**
 * What has been committed for each of the partitions, by whichever group of the consumer has come
 * furthest: the one without a share, and those of every number of nodes that there has been.
 */
export function findCommitted(
  kafka: Kafka,
  group: SharedGroup,
  places: readonly Place[],
): Promise<readonly Committed[]> {
  return ask(kafka, (admin) => askCommitted(admin, group, places))
}

/** As `findCommitted`, on a connection that there is. */
export async function askCommitted(
  admin: Admin,
  { group, share }: SharedGroup,
  places: readonly Place[],
): Promise<readonly Committed[]> {
  const own = share === undefined ? group : ownGroup(group, share)
  const { groups } = await admin.listGroups()
  const others = groups.filter(({ groupId: name }) => name !== own && isGroupOf(group, name))
  const [found, ...theirs] = await Promise.all(
    [own, ...others.map(({ groupId }) => groupId)].map((name) => committedBy(admin, name, places)),
  )
  return (found ?? []).map((each, at) =>
    furthest([each, ...theirs.flatMap((those) => those[at] ?? [])]),
  )
}

function furthest(committed: readonly [Committed, ...Committed[]]): Committed {
  return committed.reduce((most, each) => ((each.offset ?? -1) > (most.offset ?? -1) ? each : most))
}

async function committedBy(
  admin: Admin,
  groupId: string,
  places: readonly Place[],
): Promise<readonly Committed[]> {
  const topics = [...new Set(places.map(({ topic }) => topic))]
  const answers = await admin.fetchOffsets({ groupId, topics })
  return places.map((place) => {
    const found = answers
      .find(({ topic }) => topic === place.topic)
      ?.partitions.find(({ partition }) => partition === place.partition)
    const offset = Number(found?.offset ?? -1)
    // Negative: none, or one of kafkajs's own marks for the beginning or the end.
    return { ...place, offset: offset < 0 ? null : offset, metadata: found?.metadata ?? '' }
  })
}

/** Every partition of these topics. */
export async function findPartitions(
  kafka: Kafka,
  topics: readonly string[],
): Promise<readonly Place[]> {
  if (topics.length === 0) return []
  const found = await ask(kafka, (admin) => admin.fetchTopicMetadata({ topics: [...topics] }))
  return found.topics.flatMap(({ name: topic, partitions }) =>
    partitions
      .map(({ partitionId: partition }) => ({ topic, partition }))
      .toSorted((a, b) => a.partition - b.partition),
  )
}

/** Looks up the offsets of the partitions whose start is no offset. */
export async function findStarts(
  kafka: Kafka,
  starts: readonly (Place & { readonly start: SeekTarget })[],
): Promise<readonly ConsumerPosition[]> {
  const open = starts.filter(({ start }) => typeof start !== 'number')
  const topics = [...new Set(open.map(({ topic }) => topic))]
  const times = new Set(open.flatMap(({ start }) => (typeof start === 'object' ? start.at : [])))
  const [ends, written] = await ask(kafka, (admin) =>
    Promise.all([
      Promise.all(topics.map(async (topic) => ({ topic, found: await endsOf(admin, topic) }))),
      Promise.all(
        topics.flatMap((topic) =>
          [...times].map(async (at) => ({
            topic,
            at,
            found: await admin.fetchTopicOffsetsByTimestamp(topic, at),
          })),
        ),
      ),
    ]),
  )
  return starts.map(({ topic, partition, start }) => {
    if (typeof start === 'number') return { topic, partition, offset: start }
    const of = <Found extends { readonly partition: number }>(found: readonly Found[] = []) =>
      found.find((each) => each.partition === partition)
    const end = of(ends.find((each) => each.topic === topic)?.found)
    if (typeof start === 'string') {
      return { topic, partition, offset: Number(start === 'earliest' ? end?.low : end?.high) }
    }
    const first = of(written.find((each) => each.topic === topic && each.at === start.at)?.found)
    // Nothing was written since: kafkajs says -1 then, or the end.
    const offset = Number(first?.offset ?? -1)
    return { topic, partition, offset: offset < 0 ? Number(end?.high) : offset }
  })
}

/**
 * As `findStarts`, where a person says so: Kafka would go on at the first record instead of an
 * offset that it does not have.
 *
 * @throws GatewayError OFFSET_UNKNOWN where one is neither there nor the next.
 */
export async function findTargets(
  kafka: Kafka,
  targets: readonly (Place & { readonly start: SeekTarget })[],
): Promise<readonly ConsumerPosition[]> {
  const at = (start: SeekTarget) =>
    findStarts(
      kafka,
      targets.map((place) => ({ ...place, start })),
    )
  const [found, firsts, ends] = await Promise.all([
    findStarts(kafka, targets),
    at('earliest'),
    findEnds(kafka, targets),
  ])
  for (const [index, { topic, partition, offset }] of found.entries()) {
    const [first, end] = [firsts[index]?.offset ?? 0, ends[index]?.offset ?? 0]
    if (typeof targets[index]?.start !== 'number' || (offset >= first && offset <= end)) continue
    const range = `${topic}/${partition} begins at ${first} and ends before ${end}`
    throw new GatewayError('OFFSET_UNKNOWN', `${offset}: ${range}`)
  }
  return found
}

/** The offsets that the next records of these partitions get. */
export function findEnds(
  kafka: Kafka,
  places: readonly Place[],
): Promise<readonly ConsumerPosition[]> {
  return findStarts(
    kafka,
    places.map(({ topic, partition }) => ({ topic, partition, start: 'latest' })),
  )
}

function endsOf(admin: Admin, topic: string) {
  return admin.fetchTopicOffsets(topic)
}

/** On a connection of its own: the consumer's waits for its fetches. */
async function ask<T>(kafka: Kafka, question: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await question(admin)
  } finally {
    await admin.disconnect()
  }
}
