import { expect, spyOn, test } from 'bun:test'
import { dirname, join } from 'node:path'
import { DATABASE_FILE, openDatabase } from '../../db/open.ts'
import { systemClock } from '../../src/clock.ts'
import { RELAY_BATCH_ENTRIES_MAX } from '../../src/limits/limits.ts'
import { silentLog, type Log } from '../../src/log.ts'
import type { RelaySettings } from '../../src/wiring/relay-messages.ts'
import { openRelayThread } from '../../src/wiring/relay-thread.ts'
import { openDbWorld } from '../db/world.ts'
import { manualClock } from '../support/manual-clock.ts'
import { sampleEvent, sampleRecord } from '../support/stored.ts'
import { makeTempDir } from '../support/temp.ts'

const LINE_MS = 4

const UNTRACED = {
  INLET_NODE: 'test',
  OTEL_SERVICE_NAME: 'test',
  OTEL_TRACES_SAMPLER: 'always_off',
  OTEL_TRACES_SAMPLER_ARG: 0,
} as const

function settingsIn(directory: string): RelaySettings {
  return {
    INLET_DATA_DIR: directory,
    INLET_POISON_POLICY: 'continue',
    INLET_SINK: 'file',
    KAFKA_BROKERS: [],
    KAFKA_CLIENT_ID: 'test',
    KAFKA_COMPRESSION: 'none',
    kafkaSecurity: {},
    LOG_LEVEL: 'silent',
    ...UNTRACED,
  }
}

test('a relay that crashes is started again alone, and stops when it is told to', async () => {
  await using directory = await makeTempDir()
  const clock = manualClock()
  const crashed = Promise.withResolvers<void>()
  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    error: (event) => {
      if (event === 'relay.crashed') crashed.resolve()
    },
  }
  const relay = openRelayThread({
    clock,
    log,
    settings: settingsIn(directory.path),
    mark: () => Promise.resolve(),
    syncedSeq: () => 0,
  })
  const stop = new AbortController()
  const running = relay.run(stop.signal)
  await crashed.promise // there is no database yet

  const path = join(directory.path, DATABASE_FILE)
  openDatabase({ path, clock: systemClock }).close()
  clock.advance(60_000)
  await relay.drain(60_000)
  stop.abort()
  await running

  expect(relay.status()).toMatchObject({ position: 0 })
})

test('a relay is told what is on disk and how deliveries fare, whichever of them changes', async () => {
  await using directory = await makeTempDir()
  using sent = spyOn(Worker.prototype, 'postMessage')
  const relay = openRelayThread({
    clock: manualClock(),
    log: silentLog,
    settings: settingsIn(directory.path),
    mark: () => Promise.resolve(),
    syncedSeq: () => 1,
  })
  const stop = new AbortController()
  const running = relay.run(stop.signal)
  const told = [
    { seq: 2, intake: { lineMs: 7, isRefusing: false } },
    { seq: 2, intake: { lineMs: 7, isRefusing: true } },
    { seq: 2, intake: { lineMs: 0, isRefusing: true } },
    { seq: 3, intake: { lineMs: 0, isRefusing: true } },
    { seq: 3, intake: { lineMs: 0, isRefusing: false } },
  ]
  relay.synced(1, { lineMs: 0, isRefusing: false })
  for (const { seq, intake } of told) {
    relay.synced(seq, intake)
    relay.synced(seq, { ...intake })
  }
  const messages = sent.mock.calls.map(([message]): unknown => message)
  stop.abort()
  await running

  expect(messages.slice(1)).toEqual(told.map((news) => ({ kind: 'synced', ...news })))
})

test('a relay that is behind pauses while the line is long', async () => {
  await using world = await openDbWorld()
  const records = Array.from({ length: 2 * RELAY_BATCH_ENTRIES_MAX + 1 }, () => sampleRecord())
  await world.writer.commit(sampleEvent('e1', { records }))
  const markedMs: number[] = []
  const relay = openRelayThread({
    clock: systemClock,
    log: silentLog,
    settings: settingsIn(dirname(world.path)),
    mark() {
      // Told before the mark is answered, it knows when it decides whether to pause.
      relay.synced(records.length, { lineMs: LINE_MS, isRefusing: false })
      markedMs.push(systemClock.monotonicMs())
      return Promise.resolve()
    },
    syncedSeq: () => records.length,
  })
  const stop = new AbortController()
  const running = relay.run(stop.signal)
  await relay.drain(60_000)
  stop.abort()
  await running

  const [first = 0, second = 0, third] = markedMs
  // Nobody waits: the second batch follows the first in 3 ms.
  expect(second - first).toBeGreaterThan(10 * LINE_MS)
  expect(third).toBeDefined()
})
