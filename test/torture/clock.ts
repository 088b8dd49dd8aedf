/**
 * The wall clock jumps by minutes and days in both directions, while a gateway runs and between two
 * starts. Nothing is lost or deleted early, the relay goes on, and a delivery whose signed time no
 * longer fits is refused with that reason. The control moves the clock that ages are measured by:
 * it must be seen that events are deleted early.
 */
import { Database } from 'bun:sqlite'
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { systemClock } from '../../src/clock.ts'
import { randomSecret, randomUuid } from '../../src/ids.ts'
import { RELAY_BATCH_ENTRIES_MAX } from '../../src/limits/limits.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic } from '../support/topics.ts'
import { audit } from './ledger.ts'
import { seeded } from './seeded.ts'
import { startSenders } from './senders.ts'
import { buildLibrary } from './shim.ts'
import type { Row, TortureOptions } from './torture.ts'

const SECRET = 'made-up-secret-for-torture'
const TIMED_SECRET = `whsec_${randomSecret()}`
const KEYS = 20
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** By how much, each from the true time; the last one is there at a start, too. */
const OFFSETS_MS = [10 * MINUTE_MS, -10 * MINUTE_MS, DAY_MS, -DAY_MS, 30 * DAY_MS, -30 * DAY_MS]
/** Standard Webhooks allows 5 minutes. */
const WINDOW_MS = 5 * MINUTE_MS
const FULL_ROUNDS = 12
const BETWEEN_MS = 500
const DRAIN_MS_MAX = 60_000
/** A send that the jump made late, and the pause after it. */
const RELAY_PAUSE_MS_MAX = 25_000
const CONTROL_MS_MAX = 10_000
const LOG_MS_MAX = 5_000
const POLL_MS = 20

interface Place {
  readonly command: readonly string[]
  readonly brokers: string
  readonly topic: string
  readonly timedTopic: string
  readonly directory: string
  readonly library: string
}

export async function clock(options: TortureOptions): Promise<Row> {
  const brokers = await options.brokers()
  await using directory = await makeTempDir()
  // Kafka deletes by the time in a record, and refuses one that is an hour ahead. The first topic
  // takes every time; the records of the second wait until the clock is right again.
  const config = { 'retention.ms': '-1' }
  const timedTopic = await createTopic({ brokers, prefix: 'torture-timed', config })
  const anyTime = { ...config, 'message.timestamp.after.max.ms': String(365 * DAY_MS) }
  const topic = await createTopic({ brokers, prefix: 'torture-clock', config: anyTime })
  const library = buildLibrary('clock-shim.c', directory.path)
  const { command } = options
  const place = { command, brokers, topic, timedTopic, library, directory: directory.path }
  try {
    const rounds = options.cycles ?? (options.form === 'full' ? FULL_ROUNDS : 1)
    const random = seeded(options.seed)
    const jumps = Array.from({ length: rounds }, () => OFFSETS_MS)
      .flat()
      .map((offsetMs, index) => (index < OFFSETS_MS.length ? offsetMs : offsetMs * 2 * random()))
    const result = await jumpUnderLoad(place, jumps)
    const { acked, lost, duplicates, inversions, wrongAnswers, deleted } = result
    const isBounded = duplicates <= result.refusedSends * RELAY_BATCH_ENTRIES_MAX
    const isWhole = acked > 0 && lost === 0 && inversions === 0 && isBounded
    return {
      cases: jumps.length,
      acked,
      lost,
      duplicates,
      inversions,
      held: isWhole && deleted === 0 && wrongAnswers === 0 && result.pauseMs < RELAY_PAUSE_MS_MAX,
      controlCaught: await deletesEarly(place),
      figures: {
        'wrong answers to signed times': wrongAnswers,
        'deleted early': deleted,
        'longest pause in ms': Math.round(result.pauseMs),
      },
    }
  } finally {
    await deleteTopics(brokers, [topic, timedTopic])
  }
}

/** Starts a gateway with a clock that `setOffset` moves. */
function start(place: Place, name: string, further: Readonly<Record<string, string>> = {}) {
  return startGateway({
    command: place.command,
    cwd: place.directory,
    env: {
      LD_PRELOAD: place.library,
      CLOCK_SHIM_FILE: offsetPath(place),
      KAFKA_BROKERS: place.brokers,
      INLET_DATA_DIR: name,
      INLET_RETENTION_DAYS: '1',
      INLET_SOURCES: 'github,timed=standard_webhooks',
      INLET_SECRET_GITHUB: SECRET,
      INLET_SECRET_TIMED: TIMED_SECRET,
      INLET_TOPIC_GITHUB: place.topic,
      INLET_TOPIC_TIMED: place.timedTopic,
      ...further,
    },
  })
}

/** Each jump under load, with deliveries of senders whose own clock is right or wrong. */
async function jumpUnderLoad(place: Place, jumps: readonly number[]) {
  setOffset(place, 0)
  let gateway = await start(place, 'jumping')
  const senders = startSenders({ url: () => gateway.url, secret: SECRET, keys: KEYS })
  let timed = 0
  let wrongAnswers = 0
  let pauseMs = 0
  let refusedSends = 0
  async function expectTimed(offBy: number, atMs: number): Promise<void> {
    const isFresh = Math.abs(offBy) < WINDOW_MS
    if (!(await isAnswered(gateway, { atMs, isFresh }))) wrongAnswers += 1
    if (isFresh) timed += 1
  }
  try {
    for (const [index, offsetMs] of jumps.entries()) {
      setOffset(place, offsetMs)
      pauseMs = Math.max(pauseMs, await nextPublish(gateway))
      const now = systemClock.now()
      await expectTimed(offsetMs, now)
      for (const skewMs of [0, 2 * WINDOW_MS, -2 * WINDOW_MS]) {
        await expectTimed(skewMs, now + offsetMs + skewMs)
      }
      if (index % 3 === 2) {
        refusedSends += countRefused(gateway)
        await gateway.end('SIGTERM')
        gateway = await start(place, 'jumping')
      }
      await systemClock.sleep(BETWEEN_MS)
    }
    await senders.stop()
    setOffset(place, 0)
    await gateway.drained(DRAIN_MS_MAX)
    await nothingWaits(gateway)
    const records = await readTopic(place.brokers, place.topic)
    const ofTimed = await readTopic(place.brokers, place.timedTopic)
    if (ofTimed.length !== timed) wrongAnswers += 1
    const kept = countStored(place, 'jumping')
    const deleted = senders.ledger.acked.length + timed - kept
    refusedSends += countRefused(gateway)
    return { ...audit(senders.ledger, records), wrongAnswers, pauseMs, deleted, refusedSends }
  } finally {
    await gateway.end('SIGKILL')
  }
}

/** Whether a delivery with this signed time is taken, or refused with its reason in the log. */
async function isAnswered(
  gateway: GatewayProcess,
  { atMs, isFresh }: { readonly atMs: number; readonly isFresh: boolean },
): Promise<boolean> {
  const [id, body] = [randomUuid(), '{"type":"timed"}']
  const at = new Date(atMs)
  const expired = countExpired(gateway)
  const { status } = await fetch(`${gateway.url}/hooks/timed`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(TIMED_SECRET).sign(id, at, body),
    },
  })
  if (isFresh) return status === 202
  return status === 401 && (await isSeen(() => countExpired(gateway) > expired))
}

function countExpired(gateway: GatewayProcess): number {
  return gateway.log.filter(({ code }) => code === 'SIGNATURE_EXPIRED').length
}

/** Whether it becomes true soon: a log line may come after the answer that it is about. */
async function isSeen(happened: () => boolean): Promise<boolean> {
  const deadlineMs = systemClock.monotonicMs() + LOG_MS_MAX
  while (!happened() && systemClock.monotonicMs() < deadlineMs) await systemClock.sleep(POLL_MS)
  return happened()
}

/** Sends that Kafka refused for the time in their records, each of which may repeat one batch. */
function countRefused(gateway: GatewayProcess): number {
  return gateway.log.filter(({ message }) => message === 'relay.set_aside').length
}

/** Resolves once no topic's records wait any more. */
async function nothingWaits({ adminUrl }: GatewayProcess): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + DRAIN_MS_MAX
  while (systemClock.monotonicMs() < deadlineMs) {
    const answer = await fetch(`${adminUrl}/readyz`)
    const { relay } = (await answer.json()) as { relay: { retry: number } }
    if (relay.retry === 0) return
    await systemClock.sleep(POLL_MS)
  }
}

/** How long it takes until the relay publishes something more, in ms. */
async function nextPublish(gateway: GatewayProcess): Promise<number> {
  const startedMs = systemClock.monotonicMs()
  const first = gateway.log.length
  const isPublished = () =>
    gateway.log.slice(first).some(({ message }) => message === 'relay.published')
  while (!isPublished() && systemClock.monotonicMs() - startedMs < RELAY_PAUSE_MS_MAX) {
    await systemClock.sleep(POLL_MS)
  }
  return systemClock.monotonicMs() - startedMs
}

/** Whether a gateway whose monotonic clock jumps, too, deletes what is young. */
async function deletesEarly(place: Place): Promise<boolean> {
  setOffset(place, 0)
  await using gateway = await start(place, 'ageing', { CLOCK_SHIM_ALL: '1' })
  const senders = startSenders({ url: () => gateway.url, secret: SECRET, keys: KEYS })
  await systemClock.sleep(BETWEEN_MS)
  await senders.stop()
  await gateway.drained(DRAIN_MS_MAX)
  setOffset(place, 30 * DAY_MS)
  const deadlineMs = systemClock.monotonicMs() + CONTROL_MS_MAX
  while (systemClock.monotonicMs() < deadlineMs) {
    if (countStored(place, 'ageing') < senders.ledger.acked.length) return true
    await systemClock.sleep(POLL_MS)
  }
  return false
}

function countStored({ directory }: Place, name: string): number {
  using database = new Database(join(directory, name, 'inlet.db'), { readonly: true })
  return database.query<{ n: number }, []>('SELECT count(*) AS n FROM inbox').get()?.n ?? 0
}

const offsetPath = ({ directory }: Pick<Place, 'directory'>) => join(directory, 'offset')

/** In place: the gateway has the file mapped. */
function setOffset(place: Place, offsetMs: number): void {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(Math.round(offsetMs)))
  writeFileSync(offsetPath(place), '', { flag: 'a' })
  const file = openSync(offsetPath(place), 'r+')
  writeSync(file, bytes, 0, bytes.length, 0)
  closeSync(file)
}
