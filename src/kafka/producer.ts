import type { PartitionerArgs, Producer } from 'kafkajs'
import { assert } from '../assert.ts'
import type { Clock } from '../clock.ts'
import { withOwnHeaders } from '../exact-record.ts'
import { failpoint } from '../failpoint.ts'
import type { KafkaSecurity } from '../settings/kafka-security.ts'
import { PUBLISH_MS_MAX } from '../limits/limits.ts'
import type { Log } from '../log.ts'
import type { Landed, PublishRecord } from '../record.ts'
import { proveLanded, type LastOffsets, type SentTo } from './acks.ts'
import { openClient } from './client.ts'
import { COMPRESSION_TYPES, registerCodecs, type Compression } from './codecs.ts'
import { toFault } from './faults.ts'
import { partitionOf } from './murmur2.ts'
import type { ProducedMessage } from './produce-request.ts'
import { openSecurity, type Security } from './security.ts'
import { within } from './within.ts'

/** How long `close` waits for kafkajs to say goodbye. */
const CLOSE_MS_MAX = 2_000

export interface KafkaPublisherOptions {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly compression: Compression
  /** Default: neither TLS nor a login. */
  readonly security?: KafkaSecurity
  readonly clock: Clock
  readonly log: Log
  /** Everything that one send may take, connecting included, in ms. Default: PUBLISH_MS_MAX. */
  readonly deadlineMs?: number
}

export interface KafkaPublisher {
  /**
   * Resolves once every record is acknowledged by all in-sync replicas. One send at a time.
   *
   * @throws GatewayError RECORD_REJECTED, TOPIC_REJECTED or BROKER_UNAVAILABLE. Nothing of a send
   * that was refused or has timed out leaves this process any more.
   */
  publish(records: readonly PublishRecord[]): Promise<readonly Landed[]>
  close(): Promise<void>
}

/** One kafkajs producer: one producer id, its connections, and no second life after a failure. */
interface Session {
  readonly producer: Producer
  readonly connected: Promise<void>
  readonly lastOffsets: LastOffsets
  /** How many partitions each topic had when those of its records were chosen. */
  readonly partitions: ReadonlyMap<string, number>
  /** Ends every connection, at once and for good: nothing that kafkajs retries can get out. */
  cut(): void
}

/** Opens a publisher. It connects with the first send: an absent Kafka is a send that fails. */
export function openKafkaPublisher(options: KafkaPublisherOptions): KafkaPublisher {
  registerCodecs()
  const { clock, deadlineMs = PUBLISH_MS_MAX } = options
  // Longer than a session, so that a new one goes on with the token of the last.
  const security = openSecurity(options.security ?? {}, clock)
  let session: Session | undefined
  let sessions = 0
  let sending = false

  async function send(records: readonly PublishRecord[]): Promise<readonly Landed[]> {
    session ??= openSession(options, security, sessions++)
    const { producer, connected, lastOffsets, partitions } = session
    await connected
    if (records.length === 0) return []
    const topics = Map.groupBy(records.map(toMessage), ({ topic }) => topic)
    const answered = producer.sendBatch({
      acks: -1,
      timeout: Math.floor(deadlineMs / 2),
      compression: COMPRESSION_TYPES[options.compression],
      topicMessages: [...topics].map(([topic, sent]) => ({
        topic,
        messages: sent.map(({ message }) => message),
      })),
    })
    failpoint('kafka.sending')
    const acks = await answered
    // Only now: the partitions are chosen within the send.
    const sent = [...topics.values()].flatMap((each) => byPartition(each, partitions))
    return proveLanded(sent, acks, lastOffsets)
  }

  return {
    async publish(records) {
      assert(!sending, 'one send is in flight')
      sending = true
      try {
        return await within(deadlineMs, clock, send(records))
      } catch (error) {
        // The sequence numbers of this producer are not to be trusted any more: ../relay/DESIGN.md.
        session?.cut()
        session = undefined
        throw toFault(error)
      } finally {
        sending = false
      }
    },
    async close() {
      const last = session
      session = undefined
      if (last === undefined) return
      await within(CLOSE_MS_MAX, clock, last.producer.disconnect()).catch(() => undefined)
      last.cut()
    },
  }
}

function openSession(
  options: KafkaPublisherOptions,
  security: Security,
  generation: number,
): Session {
  const { deadlineMs = PUBLISH_MS_MAX } = options
  const partitions = new Map<string, number>()
  const client = openClient({ ...options, security, deadlineMs, generation })
  const producer = client.kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: () => pinPartitions(partitions),
    metadataMaxAge: 300_000,
    // One retry, with fresh metadata, is a leader that moved; anything longer is the relay's to
    // wait out, with a new producer. The default for an idempotent one is Number.MAX_SAFE_INTEGER:
    // it hangs while Kafka is away.
    retry: {
      retries: 1,
      initialRetryTime: 100,
      maxRetryTime: 1_000,
      factor: 0.2,
      multiplier: 2,
    },
  })
  return {
    producer,
    connected: producer.connect(),
    lastOffsets: new Map(),
    partitions,
    cut: () => client.cut(),
  }
}

/**
 * Chooses the partition once: kafkajs asks again at each retry, and the number of partitions may
 * have grown.
 */
function pinPartitions(partitions: Map<string, number>) {
  return ({ topic, message, partitionMetadata }: PartitionerArgs): number => {
    assert(Buffer.isBuffer(message.key), 'every record has a key')
    if (message.partition === undefined) {
      message.partition = partitionOf(message.key, partitionMetadata.length)
      partitions.set(topic, partitionMetadata.length)
    }
    return message.partition
  }
}

interface Sent {
  readonly topic: string
  readonly position: number
  readonly message: ProducedMessage
}

function toMessage({ topic, key, value, headers, exact }: PublishRecord, position: number): Sent {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return {
    topic,
    position,
    message: {
      key: Buffer.from(exact?.key ?? key),
      value: exact?.isTombstone === true ? null : bytes,
      headers,
      headerList: exact?.headers && withOwnHeaders(exact.headers, headers),
    },
  }
}

function byPartition(sent: readonly Sent[], partitions: ReadonlyMap<string, number>): SentTo[] {
  const groups = Map.groupBy(sent, ({ message }) => message.partition ?? -1)
  return [...groups].map(([partition, group]) => ({
    topic: group[0]?.topic ?? '',
    partition,
    partitions: partitions.get(group[0]?.topic ?? ''),
    positions: group.map(({ position }) => position),
  }))
}
