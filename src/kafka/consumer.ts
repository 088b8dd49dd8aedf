/** Consumer groups: one membership of one, from joining to leaving. */
import type { Batch, Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs'
import { assert } from '../assert.ts'
import type { EpochMs } from '../clock.ts'
import type { ConsumerPosition, FetchedRecord, OffsetRange, Place } from '../consumer.ts'
import { CONSUMER_SILENT_MS_MAX } from '../limits/consumers.ts'
import type { SeekTarget } from '../consumer-status.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import type { HeaderList } from '../exact-record.ts'
import type { KafkaSecurity } from '../settings/kafka-security.ts'
import { PUBLISH_MS_MAX } from '../limits/limits.ts'
import type { Log } from '../log.ts'
import { openClient, type Client } from './client.ts'
import { registerCodecs } from './codecs.ts'
import { toFault } from './faults.ts'
import { makeConsumer, type GroupOptions } from './group-consumer.ts'
import {
  findCommitted,
  findEnds,
  findPartitions,
  findStarts,
  findTargets,
  findTopics,
} from './group-offsets.ts'
import { isOwn } from './own-partitions.ts'
import { readHeaderList, ReceivedMessage } from './record-batches.ts'
import { openSecurity } from './security.ts'
import { within } from './within.ts'

/** How long telling a position, or leaving, may take, in ms: then again, or Kafka finds out. */
const LEAVE_MS_MAX = 3_000

/** How often it is looked at whether the consumer still lives, in ms. */
const WATCH_MS = 1_000

/** Partitions whose records are handed over at the same time. */
const HANDOVERS_MAX = 64

export interface KafkaFeedOptions extends GroupOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly security: KafkaSecurity
  readonly log: Log
  readonly topics: readonly (string | RegExp)[]
  /** It must not join before it is known that it may have every partition. */
  readonly keepsState?: boolean
  /** For tests of silence. Default: CONSUMER_SILENT_MS_MAX. */
  readonly silentMs?: number
}

interface EmptyFetch extends Place {
  readonly next: number
  readonly highWatermark: number
}

interface Records extends EmptyFetch {
  readonly records: readonly FetchedRecord[]
}

/** Is told what happens, in order. */
export interface KafkaFeedListener {
  assigned(
    committed: readonly (Place & { readonly offset: number | null; readonly metadata: string })[],
  ): readonly (Place & { readonly start: SeekTarget })[]
  positioned(position: ConsumerPosition): void
  revoked(places: readonly Place[]): void
  lost(range: OffsetRange): void
  received(batch: Records): Promise<void>
  sawNothing(fetch: EmptyFetch): void
}

export interface KafkaFeed {
  run(listener: KafkaFeedListener, signal: AbortSignal): Promise<void>
  commit(positions: readonly ConsumerPosition[], metadata: string): Promise<boolean>
  ends(places: readonly Place[]): Promise<readonly ConsumerPosition[]>
  pause(place: Place): void
  resume(place: Place): void
  seek(
    starts: readonly (Place & { readonly start: SeekTarget })[],
  ): Promise<readonly ConsumerPosition[]>
}

let generations = 0

/** Opens one membership; it joins when it runs. It never starts again by itself. */
export function openKafkaFeed(options: KafkaFeedOptions): KafkaFeed {
  registerCodecs()
  const { clock } = options
  const security = openSecurity(options.security, clock)
  generations += 1
  const deadlineMs = PUBLISH_MS_MAX
  const client = openClient({ ...options, security, deadlineMs, generation: generations })
  const consumer = makeConsumer(client, options)
  const membership = new Membership(consumer, client, options)
  return {
    async run(listener, signal) {
      try {
        await membership.run(listener, signal)
      } catch (error) {
        // What is wrong here must not look like Kafka being away.
        throw membership.thrown === undefined ? toFault(error) : membership.thrown.error
      } finally {
        await within(LEAVE_MS_MAX, clock, consumer.disconnect()).catch(() => undefined)
        client.cut()
      }
    },
    async commit(positions, metadata) {
      try {
        const offsets = positions.map((each) => ({
          ...each,
          offset: String(each.offset),
          metadata,
        }))
        await within(LEAVE_MS_MAX, clock, consumer.commitOffsets(offsets))
        return true
      } catch (error) {
        options.log.debug('kafka.uncommitted', { reason: messageOf(error) })
        return false
      }
    },
    ends: (places) => findEnds(client.kafka, places),
    pause: ({ topic, partition }) => consumer.pause([{ topic, partitions: [partition] }]),
    resume: (place) => membership.resume(place),
    seek: (starts) => membership.seek(starts),
  }
}

/** What this member owns, and where it is in it. */
class Membership {
  readonly #consumer: Consumer
  readonly #client: Client
  readonly #options: KafkaFeedOptions
  /** By place, the offset that is fetched next; only those that the listener has positioned. */
  readonly #owned = new Map<string, ConsumerPosition>()
  readonly #ended = Promise.withResolvers<void>()
  /** What the listener has thrown, if anything. */
  thrown: { readonly error: unknown } | undefined
  #listener: KafkaFeedListener | undefined
  /** Joins so far: what was begun for an earlier one is dropped. */
  #joins = 0
  #seenMs: number

  constructor(consumer: Consumer, client: Client, options: KafkaFeedOptions) {
    this.#consumer = consumer
    this.#client = client
    this.#options = options
    this.#seenMs = options.clock.monotonicMs()
    const { events } = consumer
    const seen = () => (this.#seenMs = options.clock.monotonicMs())
    consumer.on(events.FETCH, ({ payload: { batches } }) => {
      seen()
      for (const batch of batches) if (batch.isEmpty()) this.#sawNothing(batch)
    })
    consumer.on(events.HEARTBEAT, seen)
    consumer.on(events.GROUP_JOIN, ({ payload }) => {
      seen()
      this.#joined(payload.memberAssignment)
    })
    consumer.on(events.CRASH, ({ payload }) => this.#ended.reject(payload.error))
    // A crash says why a moment later; without one nobody else would notice.
    consumer.on(events.STOP, () => {
      const stopped = () => this.#ended.reject(new Error('the consumer has stopped'))
      void options.clock.sleep(WATCH_MS).then(stopped)
    })
  }

  async run(listener: KafkaFeedListener, signal: AbortSignal): Promise<void> {
    const { clock, topics } = this.#options
    this.#listener = listener
    const stop = () => this.#ended.resolve()
    signal.addEventListener('abort', stop, { once: true })
    // Nobody may be there yet to hear how it ends.
    this.#ended.promise.catch(() => undefined)
    try {
      const found = await findTopics(this.#client.kafka, topics)
      if (this.#options.keepsState === true) await this.#refuseWhatIsElsewhere(found)
      if (signal.aborted) return
      await within(PUBLISH_MS_MAX, clock, this.#consumer.connect())
      await this.#consumer.subscribe({ topics: [...found], fromBeginning: true })
      const watch = this.#watch(signal)
      this.#seenMs = clock.monotonicMs()
      const begun = this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: HANDOVERS_MAX,
        eachBatch: (payload) => this.#received(payload),
      })
      begun.catch(this.#ended.reject)
      await Promise.race([this.#ended.promise, watch])
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  resume(place: Place): void {
    if (this.#owned.has(nameOf(place))) this.#unpause(place)
  }

  async seek(
    starts: readonly (Place & { readonly start: SeekTarget })[],
  ): Promise<readonly ConsumerPosition[]> {
    const found = await findTargets(this.#client.kafka, starts)
    // A rebalance may have come in between.
    const positions = found.filter((position) => this.#owned.has(nameOf(position)))
    for (const position of positions) {
      this.#goTo(position)
      this.#tell((listener) => listener.positioned(position))
      // The one that was there may have been paused because it was full.
      this.#unpause(position)
    }
    return positions
  }

  /**
   * What the listener refuses once it has joined costs the others a rebalance, at every try: so it
   * is asked before, about every partition that may become ours.
   */
  async #refuseWhatIsElsewhere(topics: readonly string[]): Promise<void> {
    const { group, share } = this.#options
    const { kafka } = this.#client
    const places = await findPartitions(kafka, topics)
    const ours = places.filter(({ partition }) => share === undefined || isOwn(share, partition))
    const committed = await findCommitted(kafka, { group, share }, ours)
    this.#tell((listener) => listener.assigned(committed))
  }

  /** Rejects once it has been silent for too long. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { clock, silentMs: silentMsMax = CONSUMER_SILENT_MS_MAX } = this.#options
    while (!signal.aborted) {
      await clock.sleep(WATCH_MS, signal)
      const silentMs = clock.monotonicMs() - this.#seenMs
      if (silentMs > silentMsMax && !signal.aborted) {
        throw new GatewayError('CONSUMER_SILENT', `nothing for ${Math.round(silentMs)} ms`)
      }
    }
  }

  /**
   * Called before anything is fetched for this assignment. What stays ours goes on where it was:
   * kafkajs would go back to what is committed. What is new is paused until it is known where it
   * begins.
   */
  #joined(assignment: Readonly<Record<string, readonly number[]>>): void {
    this.#joins += 1
    const places = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    )
    const names = new Set(places.map(nameOf))
    if (places.length === 0 && this.#options.share !== undefined) {
      const detail = `of ${this.#options.group}, or there are fewer partitions than nodes`
      this.#ended.reject(new GatewayError('PARTITIONS_TAKEN', detail))
      return
    }
    const lost = [...this.#owned].filter(([name]) => !names.has(name))
    for (const [name] of lost) this.#owned.delete(name)
    if (lost.length > 0) {
      this.#tell((listener) => listener.revoked(lost.map(([, place]) => place)))
    }
    const added: Place[] = []
    for (const place of places) {
      const known = this.#owned.get(nameOf(place))
      if (known === undefined) added.push(place)
      else this.#consumer.seek({ ...known, offset: String(known.offset) })
    }
    if (added.length === 0) return
    for (const place of added) this.#pause(place)
    this.#begin(added, this.#joins).catch(this.#ended.reject)
  }

  async #begin(places: readonly Place[], join: number): Promise<void> {
    const { group, share } = this.#options
    const { kafka } = this.#client
    const committed = await findCommitted(kafka, { group, share }, places)
    const starts = this.#tell((listener) => listener.assigned(committed))
    const positions = await findStarts(kafka, starts)
    // Another join has come in between, and finds the same partitions new.
    if (join !== this.#joins) return
    for (const position of positions) {
      this.#goTo(position)
      this.#tell((listener) => listener.positioned(position))
      this.#unpause(position)
    }
  }

  #goTo(position: ConsumerPosition): void {
    this.#owned.set(nameOf(position), position)
    this.#consumer.seek({ ...position, offset: String(position.offset) })
  }

  async #received(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const { topic, partition } = batch
    const name = nameOf({ topic, partition })
    if (!this.#owned.has(name) || payload.isStale()) return
    this.#fetchedFrom(batch)
    const records = batch.messages.map((message) => new Fetched(message, { topic, partition }))
    const last = batch.lastOffset()
    payload.resolveOffset(last)
    const next = Number(last) + 1
    this.#owned.set(name, { topic, partition, offset: next })
    const highWatermark = Number(batch.highWatermark)
    try {
      const given = { topic, partition, records, next, highWatermark }
      await this.#tell((listener) => listener.received(given))
    } catch (error) {
      // kafkajs would go on behind records that nobody has taken: this life ends before that.
      this.#owned.delete(name)
      this.#endWith(error)
    }
    this.#seenMs = this.#options.clock.monotonicMs()
  }

  /** How far an empty fetch is; of other fetches the listener hears it with their records. */
  #sawNothing(batch: Batch): void {
    const { topic, partition } = batch
    if (!this.#owned.has(nameOf({ topic, partition }))) return
    const [next, highWatermark] = [this.#fetchedFrom(batch), Number(batch.highWatermark)]
    this.#tell((listener) => listener.sawNothing({ topic, partition, next, highWatermark }))
  }

  /**
   * The offset that was asked for. Where Kafka has deleted what was to come, kafkajs goes on at the
   * first record that is there, and says so to nobody.
   */
  #fetchedFrom(batch: Batch): number {
    const { topic, partition } = batch
    const name = nameOf({ topic, partition })
    assert('fetchedOffset' in batch, 'a batch of kafkajs says what was asked for') // not its types
    const to = Number(batch.fetchedOffset)
    const from = this.#owned.get(name)?.offset ?? to
    if (to > from) {
      this.#owned.set(name, { topic, partition, offset: to })
      this.#tell((listener) => listener.lost({ topic, partition, from, to }))
    }
    return to
  }

  #tell<Answer>(call: (listener: KafkaFeedListener) => Answer): Answer {
    const listener = this.#listener
    assert(listener !== undefined, 'whoever listens is there before anything is joined')
    try {
      return call(listener)
    } catch (error) {
      this.#endWith(error)
      throw error
    }
  }

  /** What a listener throws is its own: no fault of Kafka's, whatever kafkajs makes of it. */
  #endWith(error: unknown): void {
    this.thrown ??= { error }
    this.#ended.reject(error)
  }

  #pause({ topic, partition }: Place): void {
    this.#consumer.pause([{ topic, partitions: [partition] }])
  }

  #unpause({ topic, partition }: Place): void {
    this.#consumer.resume([{ topic, partitions: [partition] }])
  }
}

function nameOf({ topic, partition }: Place): string {
  return `${topic}/${partition}`
}

class Fetched implements FetchedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly writtenAt: EpochMs
  readonly headers: Readonly<Record<string, string>>
  key: Uint8Array | null
  value: Uint8Array | null
  #headers: Pick<ReceivedMessage, 'headerBytes'>

  constructor(message: KafkaMessage, { topic, partition }: Place) {
    assert(message instanceof ReceivedMessage, 'Kafka answers with record batches of version 2')
    this.topic = topic
    this.partition = partition
    this.offset = message.offsetNumber
    this.writtenAt = message.writtenAt
    this.headers = message.headers
    this.key = message.bytesOf('key')
    this.value = message.bytesOf('value')
    this.#headers = message
  }

  get headerList(): HeaderList {
    return readHeaderList(this.#headers.headerBytes)
  }

  keep(): void {
    this.key = this.key?.slice() ?? null
    this.value = this.value?.slice() ?? null
    this.#headers = { headerBytes: this.#headers.headerBytes.slice() }
  }
}
