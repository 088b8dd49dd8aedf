import type { Consumer, ConsumerPosition, FetchedRecord, OffsetRange, Place } from '../consumer.ts'
import type { ConsumerTally, Places, SeekTarget } from '../consumer-status.ts'
import { CONSUMER_STOP_MS_MAX } from '../limits/consumers.ts'
import { failpoint } from '../failpoint.ts'
import { handleAgain, notRunning, type StoreAgain } from './again.ts'
import { Closing } from './closing.ts'
import { Committer, type Result } from './committer.ts'
import { Handling } from './handling.ts'
import { Keeping } from './keeping.ts'
import { Lanes } from './lanes.ts'
import { Partition, placeKey } from './partition.ts'
import type {
  CommittedOffset,
  ConsumePorts,
  EmptyFetch,
  FetchedBatch,
  FeedListener,
  RecordFeed,
  StartPosition,
} from './ports.ts'
import { Room } from './room.ts'
import { startsOf } from './start.ts'
import { TimeSlices } from './time-slices.ts'

/** What no partition was ever told: no offset is negative. */
const UNTOLD = -1

export interface SessionOptions {
  /** As it is served now: a reload changes handlers under way. */
  readonly consumer: () => Consumer
  readonly ports: ConsumePorts
  readonly tally: ConsumerTally
  /** A person has said that this file counts, whatever another has read. */
  readonly isAdopted: () => boolean
  /** The session cannot go on. */
  readonly onFailed: (error: unknown) => void
}

/**
 * One life of a consumer, from joining its group to leaving it. It owns every record that it has
 * been given: nothing of one runs on when `stop` has resolved, but for handlers that ignore their
 * signal.
 */
export class Session implements FeedListener {
  readonly #options: SessionOptions
  readonly #feed: RecordFeed
  readonly #lanes: Lanes
  readonly #committer: Committer
  readonly #keeping: Keeping
  readonly #closing: Closing
  readonly #handling: Handling
  readonly #partitions = new Map<string, Partition>()
  readonly #stopping = new AbortController()
  readonly #room: Room
  /**
   * Partitions whose beginning is stored and told as soon as it is known, because it is their end,
   * or because another file has read further: up to that offset.
   */
  readonly #fresh = new Map<string, number | undefined>()
  /** Assignments so far. */
  #assignments = 0

  constructor(feed: RecordFeed, options: SessionOptions) {
    const { ports, consumer } = options
    const joined = consumer()
    const { owner, concurrency, memoryBytesMax, stateEntriesMax } = joined
    this.#options = options
    this.#feed = feed
    this.#lanes = new Lanes({ clock: ports.clock, concurrency, onFailed: options.onFailed })
    this.#committer = new Committer({
      ...ports,
      consumer: joined,
      onCommitted: (results) => this.#committed(results),
      onFailed: options.onFailed,
      stopping: this.#stopping.signal,
    })
    this.#room = new Room({
      clock: ports.clock,
      feed,
      partitions: () => this.#partitions.values(),
      bytesMax: memoryBytesMax,
      stopping: this.#stopping.signal,
    })
    this.#keeping = new Keeping({ owner, stateEntriesMax }, ports.stored)
    this.#closing = new Closing({
      clock: ports.clock,
      keeping: this.#keeping,
      watchdog: ports.watchdog,
      submit: (partition, processed) =>
        this.#store({ partition, processed, entry: undefined, bytes: 0, identity: undefined }),
      flush: () => this.#committer.flush(),
    })
    this.#handling = new Handling({
      ...ports,
      consumer,
      tally: options.tally,
      keeping: this.#keeping,
      lanes: this.#lanes,
      room: this.#room,
      committer: this.#committer,
      closing: this.#closing,
      store: (result) => this.#store(result),
      stopping: this.#stopping.signal,
    })
  }

  get partitions(): readonly Partition[] {
    return [...this.#partitions.values()]
  }

  assigned(committed: readonly CommittedOffset[]): readonly StartPosition[] {
    const { ports, consumer } = this.#options
    const { position, epoch } = ports
    const isRead = (topic: string) => this.partitions.some((each) => each.topic === topic)
    const isAdopted = this.#options.isAdopted()
    const starts = startsOf(committed, consumer(), { position, epoch, isRead, isAdopted })
    for (const { elsewhere, ...each } of starts) {
      this.#fresh.delete(placeKey(each))
      if (each.start === 'latest' || elsewhere !== undefined) {
        this.#fresh.set(placeKey(each), elsewhere)
      }
    }
    return starts
  }

  positioned(position: ConsumerPosition): void {
    this.revoked([position])
    this.#assignments += 1
    const partition = new Partition(position, {
      assignment: this.#assignments,
      stopping: this.#stopping.signal,
    })
    this.#partitions.set(placeKey(position), partition)
    if (!this.#fresh.has(placeKey(position))) return
    const to = this.#fresh.get(placeKey(position)) ?? 0
    this.#fresh.delete(placeKey(position))
    // Else the next life would begin at the end again, behind what has come in between.
    this.#moved(partition)
    const { topic, partition: number, offset: from } = position
    if (to <= from) return
    const { ports, consumer } = this.#options
    const { name } = consumer()
    ports.log.warn('consumer.taken_back', { consumer: name, topic, partition: number, from, to })
  }

  revoked(places: readonly Place[]): void {
    for (const place of places) {
      const partition = this.#partitions.get(placeKey(place))
      if (partition === undefined) continue
      this.#room.forget(partition)
      partition.revoke()
      this.#partitions.delete(placeKey(place))
    }
    this.#room.wake()
  }

  async received(batch: FetchedBatch): Promise<void> {
    const partition = this.#partitions.get(placeKey(batch))
    if (partition === undefined) return
    partition.highWatermark = batch.highWatermark
    const [first] = batch.records
    if (first !== undefined) {
      this.#options.tally.fetchedAt = this.#options.ports.clock.now()
      partition.silence.end()
      if (first.offset < partition.offsets.next) return this.#setBack(partition, batch)
    }
    await this.#committer.gather(() => this.#takeAll(partition, batch))
    if (!this.#room.has(partition)) await this.#room.waitFor(partition)
  }

  lost({ from, to, ...place }: OffsetRange): void {
    const { ports, consumer, tally } = this.#options
    const partition = this.#partitions.get(placeKey(place))
    if (partition === undefined || !partition.offsets.reach(to)) return
    tally.lost += to - from
    tally.lostAt = ports.clock.now()
    this.#committer.move(partition)
    ports.log.error('consumer.lost', { consumer: consumer().name, ...place, from, to })
  }

  sawNothing({ next, highWatermark, ...place }: EmptyFetch): void {
    const partition = this.#partitions.get(placeKey(place))
    if (partition === undefined) return
    partition.highWatermark = highWatermark
    if (highWatermark > next) return
    partition.silence.sawEnd(this.#options.ports.clock.monotonicMs())
  }

  /** Begins no more records: those that are fetched wait, and fetching ends when they are many. */
  pause(): void {
    this.#lanes.hold(true)
  }

  resume(): void {
    this.#lanes.hold(false)
  }

  /** Goes on elsewhere, on disk and in Kafka before it resolves to in how many partitions. */
  async seek({ topic, partition }: Places, target: SeekTarget): Promise<number> {
    const meant = this.partitions.filter(
      (each) =>
        (topic === undefined || each.topic === topic) &&
        (partition === undefined || each.partition === partition),
    )
    const moved = await this.#feed.seek(
      meant.map((each) => ({ topic: each.topic, partition: each.partition, start: target })),
    )
    for (const place of moved) {
      const at = this.#partitions.get(placeKey(place))
      if (at !== undefined) this.#moved(at)
    }
    await this.tell()
    return moved.length
  }

  /**
   * Handles a record that was given up, on the state of now: see again.ts.
   *
   * @throws GatewayError CONSUMER_NOT_RUNNING where it does not read its partition.
   */
  again<Stored>(record: FetchedRecord, store: StoreAgain<Stored>): Promise<Stored | undefined> {
    const partition = this.#partitions.get(placeKey(record))
    if (partition === undefined) return Promise.reject(notRunning(record))
    const { consumer, ports } = this.#options
    const { clock, watchdog } = ports
    const [keeping, lanes] = [this.#keeping, this.#lanes]
    const [committer, closing] = [this.#committer, this.#closing]
    return handleAgain(
      { record, partition, consumer: consumer() },
      { clock, watchdog, keeping, lanes, committer, closing },
      store,
    )
  }

  /** Closes windows of partitions that have been silent for long. */
  closeIdle(): void {
    const consumer = this.#options.consumer()
    for (const partition of this.#partitions.values()) {
      if (partition.isToClose || !this.#closing.isIdle(partition, consumer)) continue
      partition.isToClose = true
      this.#lanes.add(
        () => partition.lane,
        () => {
          partition.isToClose = false
          return this.#closing.afterSilence(partition, consumer)
        },
      )
    }
  }

  /** Looks how far partitions are that are not fetched from: their lag would stand still. */
  async lookAtEnds(): Promise<void> {
    const full = this.partitions.filter(({ isFull }) => isFull)
    if (full.length === 0) return
    for (const { offset, ...place } of await this.#feed.ends(full)) {
      const partition = this.#partitions.get(placeKey(place))
      if (partition === undefined) continue
      partition.highWatermark = Math.max(partition.highWatermark, offset)
    }
  }

  /** Stores what has ended, and tells Kafka how far everything is that is on disk, at least. */
  async tell(): Promise<void> {
    try {
      await this.#committer.flush()
    } finally {
      await this.#tellSynced()
    }
  }

  async #tellSynced(): Promise<void> {
    const news = this.partitions.filter(({ synced, told }) => synced !== told)
    if (news.length === 0) return
    const positions = news.map(({ topic, partition, synced: offset }) => ({
      topic,
      partition,
      offset,
    }))
    if (!(await this.#feed.commit(positions, this.#options.ports.epoch))) return
    failpoint('consume.told')
    for (const [at, partition] of news.entries()) partition.told = positions[at]?.offset ?? 0
  }

  /** Begins nothing more, aborts what is under way, and stores what that still leads to. */
  async stop(): Promise<void> {
    this.#lanes.stop()
    this.#stopping.abort()
    this.#room.wake()
    await this.#ended()
    await this.tell()
  }

  /** Handlers have been told to stop: those that do not are not waited for for ever. */
  async #ended(): Promise<void> {
    const patience = new AbortController()
    const late = this.#options.ports.clock.sleep(CONSUMER_STOP_MS_MAX, patience.signal)
    await Promise.race([this.#lanes.stopped(), late])
    patience.abort()
  }

  /** Where it is now is stored, and told to Kafka, with nothing that has come of a record. */
  #moved(partition: Partition): void {
    partition.told = UNTOLD
    this.#committer.move(partition)
  }

  /** The topic was made anew, or its leader has lost records: what follows is new. */
  async #setBack(partition: Partition, batch: FetchedBatch): Promise<void> {
    const { ports, consumer } = this.#options
    const { topic, partition: number, records } = batch
    const [from, to] = [partition.offsets.next, records[0]?.offset ?? 0]
    const { name } = consumer()
    ports.log.warn('consumer.set_back', { consumer: name, topic, partition: number, from, to })
    this.positioned({ topic, partition: number, offset: to })
    await this.received(batch)
  }

  async #takeAll(partition: Partition, { records, next }: FetchedBatch): Promise<void> {
    const slices = new TimeSlices(this.#options.ports.clock)
    for (const record of records) {
      if (partition.isRevoked) return
      this.#handling.take(partition, record)
      if (slices.isOver()) await slices.next()
    }
    if (!partition.isRevoked && partition.offsets.reach(next)) this.#committer.move(partition)
  }

  #store(result: Result): void {
    this.#keeping.submitted(result.processed.changes ?? [])
    this.#committer.submit(result)
  }

  #committed(results: readonly Result[]): void {
    for (const { processed } of results) this.#keeping.settled(processed.changes ?? [])
    this.#room.free(results.filter(({ entry }) => entry !== undefined))
  }
}
