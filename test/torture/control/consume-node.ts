/**
 * A consumer in a process of its own, to be killed: the real feed, engine and storage, with a
 * handler whose records in the outbox are the ledger. As a control it tells where it is before it
 * has done anything, knows no record again, or keeps windows in memory alone: `MODE=offsets-first`,
 * `MODE=no-dedup` and `MODE=windows-in-memory`.
 */
import { join } from 'node:path'
import { openConsumerPositions } from '../../../db/consume.ts'
import { openStoredState } from '../../../db/consumer-state.ts'
import { openDedup } from '../../../db/dedup.ts'
import { DATABASE_FILE, openDatabase } from '../../../db/open.ts'
import { openWriter } from '../../../db/writer.ts'
import { systemClock } from '../../../src/clock.ts'
import { RunningConsumer } from '../../../src/consume/consume.ts'
import type { RecordFeed } from '../../../src/consume/ports.ts'
import { consumerSource, type ConsumeCommit } from '../../../src/consumer.ts'
import { resolveConsumers } from '../../../src/loading/consumers.ts'
import { defineConsumer, onRecord, z } from '../../../src/gateway.ts'
import { randomToken } from '../../../src/ids.ts'
import { openKafkaFeed } from '../../../src/kafka/consumer.ts'
import { silentLog } from '../../../src/log.ts'
import { RETENTION_MS } from '../../db/world.ts'
import { windowed } from './consume-windowing.ts'

const env = (name: string) => process.env[name] ?? ''
const mode = env('MODE')
const group = env('TOPIC')
/** `1/2`: the partitions that it declares to be its own. */
const [share, of] = env('SHARE') === '' ? [] : env('SHARE').split('/').map(Number)
/** What a record takes: long enough to be killed in it. */
const PAUSE_MS = 15
const common = { clock: systemClock, log: silentLog }

const path = join(env('DATA'), DATABASE_FILE)
const database = openDatabase({ path, clock: systemClock })
const dedup = openDedup(database, { retentionMs: RETENTION_MS })
const writer = openWriter({ database, dedup, onFatal: () => process.exit(1) })
const positions = openConsumerPositions(database)

const numbered = {
  events: {
    '*': onRecord(z.object({ n: z.int() }), async ({ data }) => {
      await systemClock.sleep(PAUSE_MS)
      return { topic: 'ledger', value: data.n }
    }),
  },
}
const where = { topics: [env('TOPIC')], group }
const definition = mode.startsWith('windows')
  ? defineConsumer('ledger', { ...where, ...windowed })
  : defineConsumer('ledger', { ...where, ...numbered })
if (mode === 'windows-in-memory') {
  database.client.run('DELETE FROM consumer_windows; DELETE FROM consumer_watermarks')
}
const consumer = resolveConsumers([{ file: 'ledger.ts', definition }]).get('ledger')
if (consumer === undefined) throw new Error('the consumer is there')

function openFeed(): RecordFeed {
  const feed = openKafkaFeed({
    ...common,
    brokers: env('KAFKA_BROKERS').split(','),
    clientId: 'consume-node',
    security: {},
    group,
    topics: [env('TOPIC')],
    sessionMs: Number(env('SESSION_MS')),
    share: share === undefined || of === undefined ? undefined : { index: share, of },
  })
  if (mode !== 'offsets-first') return feed
  return {
    ...feed,
    run: (listener, signal) =>
      feed.run(
        {
          assigned: (committed) => listener.assigned(committed),
          positioned: (position) => listener.positioned(position),
          revoked: (places) => listener.revoked(places),
          lost: (range) => listener.lost(range),
          sawNothing: (fetch) => listener.sawNothing(fetch),
          async received(batch) {
            const { topic, partition, next: offset } = batch
            const ahead = [{ topic, partition, offset }]
            const at = systemClock.now()
            await writer.commitConsumed({
              group,
              owner: group,
              source: consumerSource('ledger'),
              at,
              processed: [],
              positions: ahead,
            })
            await listener.received(batch)
          },
        },
        signal,
      ),
  }
}

function commit(change: ConsumeCommit): Promise<void> {
  if (mode === 'offsets-first') return writer.commitConsumed({ ...change, positions: [] })
  if (mode !== 'no-dedup') return writer.commitConsumed(change)
  const processed = change.processed.map((each) => ({
    ...each,
    event: each.event && { ...each.event, eventId: randomToken() },
  }))
  return writer.commitConsumed({ ...change, processed })
}

/** Every identity is new. Its hash is of no use: what is stored has another one. */
const NEVER_LOOKED = { hash: 0, storedBefore: -1 }

const running = new RunningConsumer(() => consumer, {
  ...common,
  epoch: database.epoch,
  openFeed: () => Promise.resolve(openFeed()),
  commit,
  position: (name, place) => positions.find(name, place),
  stored: openStoredState(database),
  lookFor(source, eventId) {
    if (mode === 'no-dedup') return NEVER_LOOKED
    const receivedAt = systemClock.now()
    return dedup.lookFor({ source, eventId, eventIdValidMs: undefined, receivedAt })
  },
})
const stopping = new AbortController()
process.on('SIGTERM', () => stopping.abort())
const ended = running.run(stopping.signal)

/**
 * Says what the torture waits for: that something of its work is on disk, so that what a control
 * forgets is missed, and that nothing is left to do.
 */
async function report(): Promise<void> {
  let said = ''
  let first: number | undefined
  while (!stopping.signal.aborted) {
    const { partitions } = running.status()
    const position = partitions.reduce((sum, each) => sum + each.position, 0)
    if (partitions.length > 0) first ??= position
    const isDone = position === Number(env('END'))
    const now = isDone ? 'done' : position > (first ?? position) ? 'working' : ''
    if (now !== said) console.log(now)
    said = now
    await systemClock.sleep(20, stopping.signal)
  }
}
await report()
await ended
await writer.close()
database.close()
