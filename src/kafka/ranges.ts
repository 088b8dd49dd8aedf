/** Which offsets of a consumer's topics are meant by a place and another one. */
import type { OffsetRange, Place } from '../consumer.ts'
import type { Places, SeekTarget } from '../consumer-status.ts'
import type { Clock } from '../clock.ts'
import type { KafkaSecurity } from '../settings/kafka-security.ts'
import { PUBLISH_MS_MAX } from '../limits/limits.ts'
import type { Log } from '../log.ts'
import { openClient } from './client.ts'
import { within } from './within.ts'
import { toFault } from './faults.ts'
import { findPartitions, findTargets, findTopics } from './group-offsets.ts'
import { openSecurity } from './security.ts'
import { GatewayError } from '../faults/faults.ts'

export interface RangesQuery extends Places {
  /** Of these: names, and patterns. */
  readonly topics: readonly (string | RegExp)[]
  readonly from: SeekTarget
  readonly to: SeekTarget
}

interface RangesOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly security: KafkaSecurity
  readonly clock: Clock
  readonly log: Log
}

/**
 * The offsets that are there now, of every partition that is meant and has some.
 *
 * @throws GatewayError RANGE_REVERSED, OFFSET_UNKNOWN where one is not there, TOPICS_MISSING, or
 * BROKER_UNAVAILABLE and the like.
 */
export async function findRanges(
  { topics, topic, partition, from, to }: RangesQuery,
  options: RangesOptions,
): Promise<readonly OffsetRange[]> {
  if (isReversed(from, to)) throw new GatewayError('RANGE_REVERSED', `${say(from)} to ${say(to)}`)
  const { clock } = options
  const security = openSecurity(options.security, clock)
  const deadlineMs = PUBLISH_MS_MAX
  const client = openClient({ ...options, security, deadlineMs, generation: 0 })
  const isMeant = (place: Place) => partition === undefined || place.partition === partition
  async function find(): Promise<readonly OffsetRange[]> {
    const { kafka } = client
    const found = await findTopics(kafka, topics)
    const meant = found.filter((name) => topic === undefined || name === topic)
    const places = (await findPartitions(kafka, meant)).filter(isMeant)
    const at = (start: SeekTarget) => places.map((place) => ({ ...place, start }))
    const ends = await findTargets(kafka, [...at(from), ...at(to)])
    const ranges = places.map((place, n) => ({
      ...place,
      from: ends[n]?.offset ?? 0,
      to: ends[places.length + n]?.offset ?? 0,
    }))
    const reversed = ranges.find((range) => range.from > range.to)
    if (reversed !== undefined) {
      const detail = `${say(from)} to ${say(to)} is ${reversed.from} to ${reversed.to}`
      throw new GatewayError(
        'RANGE_REVERSED',
        `${detail} in ${reversed.topic}/${reversed.partition}`,
      )
    }
    return ranges.filter((range) => range.from < range.to)
  }
  try {
    return await within(deadlineMs, clock, find())
  } catch (error) {
    throw error instanceof GatewayError ? error : toFault(error)
  } finally {
    client.cut()
  }
}

/** Whatever is in the partitions. Of an offset and a time only they know which is earlier. */
function isReversed(from: SeekTarget, to: SeekTarget): boolean {
  if (from === to) return false
  if (from === 'latest' || to === 'earliest') return true
  if (typeof from === 'object' && typeof to === 'object') return from.at > to.at
  return typeof from === 'number' && typeof to === 'number' && from > to
}

function say(target: SeekTarget): string {
  return typeof target === 'object' ? new Date(target.at).toISOString() : String(target)
}
