import type { z } from 'zod'
import { openConsumerPositions } from '../../db/consume.ts'
import { openStoredState } from '../../db/consumer-state.ts'
import { RunningConsumer } from '../../src/consume/consume.ts'
import type { FeedListener, RecordFeed } from '../../src/consume/ports.ts'
import {
  type ConsumerDefinition,
  type ConsumerPosition,
  type FetchedRecord,
} from '../../src/consumer.ts'
import type { SeekTarget } from '../../src/consumer-status.ts'
import { CONSUMER_SILENCE_STEP_MS, CONSUMER_STOP_MS_MAX } from '../../src/limits/consumers.ts'
import { resolveConsumers } from '../../src/loading/consumers.ts'
import { defineConsumer } from '../../src/gateway.ts'
import type { HandlerWatch } from '../../src/handler-watch.ts'
import { silentLog } from '../../src/log.ts'
import { openDbWorld, settle, type DbWorld } from '../db/world.ts'

export const TOPIC = 'orders'
/** What Kafka says where it is asked how far a partition is. */
export const END = 5_000
const encoder = new TextEncoder()

/** A row of the outbox with the event that it belongs to, as far as consumers decide it. */
export interface Published {
  readonly topic: string
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly text: string | null
  readonly state: string
  readonly eventId: string
}

/** A consumer on a real database. Its feed is the test's own, which decides when what arrives. */
export interface ConsumeWorld extends AsyncDisposable {
  readonly db: DbWorld
  readonly consumer: RunningConsumer
  /** What Kafka was told, in order. */
  readonly told: readonly ConsumerPosition[]
  /** Places that are not fetched from. */
  readonly paused: ReadonlySet<string>
  readonly listener: FeedListener
  /** The codes that its log has as errors, in order. */
  readonly errors: readonly unknown[]
  /** Kafka, or who speaks to it, ends the life of the consumer. */
  end(error: Error): Promise<void>
  /** The partition is ours from the start that the consumer chooses, which is answered. */
  assign(
    partition: number,
    committed?: { offset: number | null; metadata: string },
  ): SeekTarget | 'none'
  /** Hands records over, and lets everything go on that can. */
  give(...records: readonly FetchedRecord[]): Promise<void>
  /** Waits until what has ended is on disk. */
  settled(): Promise<void>
  /** Moves time: sleepers wake, and what they lead to is on disk. */
  pass(ms: number): Promise<void>
  /** As `pass`, and fetches find nothing all the time. */
  silence(ms: number): Promise<void>
  published(): readonly Published[]
  positions(): readonly ConsumerPosition[]
  stop(): Promise<void>
}

export function record(offset: number, overrides: Partial<FetchedRecord> = {}): FetchedRecord {
  return {
    topic: TOPIC,
    partition: 0,
    offset,
    key: encoder.encode('key'),
    value: encoder.encode(JSON.stringify({ n: offset })),
    headers: {
      'content-type': 'application/json',
      ce_id: `event-${offset}`,
      ce_source: 'shop',
      ce_type: 'order.created',
    },
    writtenAt: 1_000 + offset,
    ...overrides,
  }
}

export function keyed(offset: number, key: string): FetchedRecord {
  return record(offset, { key: encoder.encode(key) })
}

export async function openConsumeWorld<State extends z.ZodType>(
  definition: Partial<ConsumerDefinition<State>> & Pick<ConsumerDefinition<State>, 'events'>,
  existing?: DbWorld,
  watchdog?: HandlerWatch,
): Promise<ConsumeWorld> {
  const db = existing ?? (await openDbWorld())
  const { clock, database, writer, dedup } = db
  const file = 'doubling.ts'
  const defined = defineConsumer('doubling', { topics: [TOPIC], ...definition })
  const consumer = resolveConsumers([{ file, definition: defined }]).get('doubling')
  if (consumer === undefined) throw new Error('the consumer is there')
  const positions = openConsumerPositions(database)
  const told: ConsumerPosition[] = []
  const paused = new Set<string>()
  const errors: unknown[] = []
  let listener: FeedListener | undefined
  let fail: (error: Error) => void = () => undefined
  const feed: RecordFeed = {
    run(to, signal) {
      listener = to
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => resolve())
        fail = reject
      })
    },
    commit(offsets) {
      told.push(...offsets)
      return Promise.resolve(true)
    },
    pause: ({ topic, partition }) => void paused.add(`${topic}/${partition}`),
    resume: ({ topic, partition }) => void paused.delete(`${topic}/${partition}`),
    ends: (places) => Promise.resolve(places.map((place) => ({ ...place, offset: END }))),
    // Only to offsets: what a time or an end means is Kafka's to know.
    seek(starts) {
      const positions = starts.flatMap(({ start, ...place }) =>
        typeof start === 'number' ? [{ ...place, offset: start }] : [],
      )
      for (const position of positions) listener?.positioned(position)
      return Promise.resolve(positions)
    },
  }
  const running = new RunningConsumer(() => consumer, {
    clock,
    log: { ...silentLog, error: (_, fields) => void errors.push(fields?.['code']) },
    epoch: database.epoch,
    openFeed: () => Promise.resolve(feed),
    commit: (commit) => writer.commitConsumed(commit),
    stored: openStoredState(database),
    watchdog,
    position: (group, place) => positions.find(group, place),
    lookFor: (source, eventId) =>
      dedup.lookFor({ source, eventId, eventIdValidMs: undefined, receivedAt: clock.now() }),
  })
  const stopping = new AbortController()
  const ended = running.run(stopping.signal)
  /** By partition, the offset that is fetched next. */
  const ends = new Map<number, number>()
  const findNothing = () => {
    for (const [partition, next] of ends) {
      listening().sawNothing({ topic: TOPIC, partition, next, highWatermark: next })
    }
  }
  const listening = () => {
    if (listener === undefined) throw new Error('the feed runs')
    return listener
  }
  /** Syncs take real time: a hold comes after every commit that has begun. */
  const settled = async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      await settle()
      await writer.hold(() => Promise.resolve())
    }
    await settle()
  }
  async function stop() {
    stopping.abort()
    await settle()
    await ended
  }
  return {
    db,
    consumer: running,
    told,
    paused,
    get listener() {
      return listening()
    },
    errors,
    async end(error) {
      fail(error)
      await settled()
    },
    assign(partition, committed = { offset: null, metadata: '' }) {
      const place = { topic: TOPIC, partition }
      const [position] = listening().assigned([{ ...place, ...committed }])
      const start = position?.start ?? 'none'
      const offset = typeof start === 'number' ? start : 0
      ends.set(partition, offset)
      listening().positioned({ ...place, offset })
      return start
    },
    async give(...records) {
      for (const [partition, batch] of Map.groupBy(records, (each) => each.partition)) {
        const highWatermark = (batch.at(-1)?.offset ?? 0) + 1
        ends.set(partition, highWatermark)
        const place = { topic: TOPIC, partition }
        void listening().received({ ...place, records: batch, next: highWatermark, highWatermark })
      }
      await settled()
    },
    settled,
    async pass(ms) {
      clock.advance(ms)
      await settled()
    },
    async silence(ms) {
      findNothing()
      for (let leftMs = ms; leftMs > 0; leftMs -= CONSUMER_SILENCE_STEP_MS) {
        clock.advance(Math.min(leftMs, CONSUMER_SILENCE_STEP_MS))
        findNothing()
      }
      await settled()
    },
    published() {
      const sql = `SELECT outbox.topic, outbox.key, outbox.headers, CAST(value AS TEXT) AS text,
        state, event_id AS eventId FROM outbox JOIN inbox ON inbox.seq = inbox_seq
        ORDER BY outbox.seq`
      const rows = database.client.query<Published & { headers: string }, []>(sql).all()
      return rows.map((row) => ({
        ...row,
        headers: JSON.parse(row.headers) as Record<string, string>,
      }))
    },
    positions: () => positions.ofGroup('inlet.doubling'),
    stop,
    async [Symbol.asyncDispose]() {
      const stopped = stop()
      await settled()
      // Handlers that never end are not waited for for ever.
      clock.advance(CONSUMER_STOP_MS_MAX)
      await stopped
      if (existing === undefined) await db[Symbol.asyncDispose]()
    },
  }
}
