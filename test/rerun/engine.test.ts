import { describe, expect, test } from 'bun:test'
import { openEventSearch } from '../../db/event-search.ts'
import { openInbox } from '../../db/inbox.ts'
import { openOutbox } from '../../db/outbox.ts'
import { openRerunScan } from '../../db/rerun-scan.ts'
import { openRerunReader } from '../../db/reruns.ts'
import { systemClock } from '../../src/clock.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { RERUN_LAG_MAX, RERUN_STARTS_MAX } from '../../src/limits/limits.ts'
import { openLog } from '../../src/stdout-log.ts'
import type { ReplayResult, Rerun } from '../../src/rerun.ts'
import { openReruns, type Asked } from '../../src/rerun/engine.ts'
import type { Reading, RerunPorts } from '../../src/rerun/ports.ts'
import { manualClock } from '../support/manual-clock.ts'
import { openDbWorld, settle, type DbWorld } from '../db/world.ts'
import { sampleEvent, sampleMark } from '../support/stored.ts'

const record = { topic: 't', key: 'k', headers: null, value: null }
const all: Asked = { kind: 'replay', query: {}, by: 'a test', perSecond: 10_000, total: null }

function handled(seq: number): ReplayResult {
  return { seq, state: 'accepted', reason: null, records: [record] }
}

/** Time passes at once, but others get their turn: an engine that idles is else all there is. */
const hasty = { ...manualClock(), sleep: settle }

/** Of a consumer: with real ones in test/consume/ranges.test.ts. */
const NOTHING_READ: Reading = {
  run: () => Promise.resolve(),
  progress: () => ({ done: 0, failed: 0, records: 0, missing: null }),
}

type ReplayOne = (seq: number) => Promise<ReplayResult | undefined>

interface Overrides extends Partial<Omit<RerunPorts, 'replay'>> {
  readonly replay?: ReplayOne
}

/** Each by itself, as those of consumers without state. */
function each(replay: ReplayOne): RerunPorts['replay'] {
  return async function replayEach(seqs, store) {
    const results = await Promise.all(seqs.map(replay))
    return store(results.filter((result) => result !== undefined))
  }
}

/** An engine on a real database. What it replays gets one record. */
function openEngine(
  world: DbWorld,
  { replay = (seq) => Promise.resolve(handled(seq)), ...overrides }: Overrides = {},
) {
  const { database, writer } = world
  const reader = openRerunReader(database)
  const scan = openRerunScan(database)
  const search = openEventSearch(database, systemClock)
  return openReruns({
    clock: systemClock,
    log: openLog('silent', 'gateway'),
    byId: (id) => reader.byId(id),
    firstRunning: (kind) => reader.firstRunning(kind),
    countRunning: () => reader.countRunning(),
    create: (rerun, now) => writer.createRerun(rerun, now),
    change: (change) => writer.changeRerun(change),
    start: (id) => writer.startRerun(id),
    step: (step) => writer.stepRerun(step),
    search: (query, behind, limit) =>
      Promise.resolve(search({ query, order: 'oldest', behind, limit, msMax: 1_000 })),
    stored: (seqs) => scan.stored(seqs),
    entries: (range) => Promise.resolve(scan.entries(range)),
    bytesOf: (kind, seq) => scan.bytesOf(kind, seq),
    replay: each(replay),
    readAgain: () => NOTHING_READ,
    hasBlockedKeys: false,
    ring: () => undefined,
    lag: () => 0,
    ...overrides,
  })
}

async function worldOf(events: number): Promise<DbWorld> {
  const world = await openDbWorld()
  const sent = Array.from({ length: events }, (_, index) => sampleEvent(`e${index}`))
  await Promise.all(sent.map((event) => world.writer.commit(event)))
  return world
}

/** Runs what was asked for until it runs no more. */
async function runToEnd(world: DbWorld, engine: ReturnType<typeof openEngine>, id: string) {
  const stopping = new AbortController()
  const rerun = () => openRerunReader(world.database).byId(id)
  const running = engine.run(rerun()?.kind ?? 'replay', stopping.signal)
  while (rerun()?.state === 'running') await settle()
  stopping.abort()
  await running
  return rerun()
}

/** How often each event has a record of this rerun. */
function replayedTimes(world: DbWorld, { id }: Rerun): Map<number, number> {
  const range = { after: 0, upTo: 1_000_000, entriesMax: 100_000, bytesMax: 1e9 }
  const times = new Map<number, number>()
  for (const { inboxSeq, headers } of openOutbox(world.database).pending(range)) {
    if (headers?.includes(id) === true) times.set(inboxSeq, (times.get(inboxSeq) ?? 0) + 1)
  }
  return times
}

describe('a rerun', () => {
  test('does every event that was there when it was asked for once, in steps', async () => {
    await using world = await worldOf(100)
    const engine = openEngine(world)
    const rerun = await engine.ask({ ...all, total: 100 })
    await world.writer.commit(sampleEvent('later'))

    const end = await runToEnd(world, engine, rerun.id)
    expect(end).toMatchObject({ state: 'done', done: 100, records: 100, reason: null })
    const times = replayedTimes(world, rerun)
    expect([times.size, ...new Set(times.values())]).toEqual([100, 1])
  })

  test('says what is gone', async () => {
    await using world = await worldOf(3)
    const replay = (seq: number) => Promise.resolve(seq === 2 ? undefined : handled(seq))
    const engine = openEngine(world, { replay })
    const rerun = await engine.ask({ ...all, total: 3 })
    expect(await runToEnd(world, engine, rerun.id)).toMatchObject({
      state: 'done',
      done: 2,
      reason: '1 of 3 are gone, or no longer match',
    })
  })

  test('keeps to its rate', async () => {
    await using world = await worldOf(4)
    const clock = manualClock()
    const waits: number[] = []
    const sleep = (ms: number) => (waits.push(ms), settle())
    const engine = openEngine(world, { clock: { ...clock, sleep } })
    const rerun = await engine.ask({ ...all, perSecond: 20 })
    await runToEnd(world, engine, rerun.id)
    // Two events at a time, which are a tenth of a second's worth.
    expect(waits.slice(0, 2)).toEqual([100, 100])
  })

  test('waits while the outbox is far behind', async () => {
    await using world = await worldOf(1)
    let looks = 0
    const lag = () => ((looks += 1) < 3 ? RERUN_LAG_MAX + 1 : 0)
    const clock = hasty
    const engine = openEngine(world, { lag, clock })
    const rerun = await engine.ask(all)
    expect(await runToEnd(world, engine, rerun.id)).toMatchObject({ state: 'done', done: 1 })
    expect(looks).toBeGreaterThan(3)
  })

  test('stops where it is, and goes on from there', async () => {
    await using world = await worldOf(100)
    const engine = openEngine(world, {
      async replay(seq) {
        if (seq === 40) await engine.stop(rerun.id)
        return handled(seq)
      },
    })
    const rerun = await engine.ask(all)
    // What has begun when it is stopped is not stored.
    expect(await runToEnd(world, engine, rerun.id)).toMatchObject({ state: 'stopped', done: 32 })
    const second = openEngine(world)
    expect(await second.resume(rerun.id)).toMatchObject({ state: 'running', cursor: 32 })
    expect(await runToEnd(world, second, rerun.id)).toMatchObject({ state: 'done', done: 100 })
    expect(new Set(replayedTimes(world, rerun).values())).toEqual(new Set([1]))
  })

  test('tries a step again where the disk was full, and counts no crash for it', async () => {
    await using world = await worldOf(1)
    let tries = 0
    const engine = openEngine(world, {
      clock: hasty,
      step(step) {
        tries += 1
        if (tries <= RERUN_STARTS_MAX + 2)
          return Promise.reject(new GatewayError('STORAGE_FULL', ''))
        return world.writer.stepRerun(step)
      },
    })
    const rerun = await engine.ask(all)
    expect(await runToEnd(world, engine, rerun.id)).toMatchObject({ state: 'done', done: 1 })
  })

  test('is given up where it meets a bug, and the next one has its turn', async () => {
    await using world = await worldOf(1)
    let calls = 0
    const replay = (seq: number) =>
      (calls += 1) === 1 ? Promise.reject(new Error('a bug')) : Promise.resolve(handled(seq))
    const engine = openEngine(world, { replay })
    const [first, second] = [await engine.ask(all), await engine.ask(all)]
    expect(await runToEnd(world, engine, second.id)).toMatchObject({ state: 'done' })
    expect(openRerunReader(world.database).byId(first.id)).toMatchObject({
      state: 'failed',
      reason: 'a bug',
    })
  })

  test('goes event by event where processes ended in a step, and then gives up', async () => {
    await using world = await worldOf(10)
    const rerun = await openEngine(world).ask(all)
    const seen: number[][] = []
    for (let start = 1; start <= RERUN_STARTS_MAX + 1; start += 1) {
      // A process that ends in its first step: nothing of it is stored.
      const stopping = new AbortController()
      const begun: number[] = []
      const engine = openEngine(world, {
        replay(seq) {
          begun.push(seq)
          stopping.abort()
          return Promise.resolve(handled(seq))
        },
        step: () => Promise.resolve(undefined),
      })
      const watch = systemClock.sleep(0).then(async () => {
        const state = () => openRerunReader(world.database).byId(rerun.id)?.state
        while (state() === 'running' && !stopping.signal.aborted) await settle()
        stopping.abort()
      })
      await Promise.all([engine.run('replay', stopping.signal), watch])
      seen.push(begun)
    }
    expect(seen.map(({ length }) => length)).toEqual([10, 1, 1, 1, 1, 0])
    expect(openRerunReader(world.database).byId(rerun.id)).toMatchObject({
      state: 'failed',
      reason: 'the process ended 5 times in the step behind seq 0',
    })
  })

  test('refuses more than may wait', async () => {
    await using world = await worldOf(1)
    const engine = openEngine(world, { countRunning: () => 16 })
    await expect(engine.ask(all)).rejects.toMatchObject({ code: 'RERUNS_EXHAUSTED' })
  })
})

test('a republish copies each record once', async () => {
  await using world = await worldOf(2)
  await world.writer.mark(sampleMark(0, 2))
  const engine = openEngine(world)
  const rerun = await engine.ask({ ...all, kind: 'republish' })
  expect(await runToEnd(world, engine, rerun.id)).toMatchObject({ state: 'done', records: 2 })
  expect(openInbox(world.database).bySeq(1)?.records).toHaveLength(2)
})

test('a stop waits for the consumer that reads again, and lets it have the event loop', async () => {
  await using world = await openDbWorld()
  const reader = openRerunReader(world.database)
  const stopping = new AbortController()
  let looks = 0
  const engine = openEngine(world, {
    clock: hasty,
    byId(id) {
      if (stopping.signal.aborted) looks += 1
      if (looks > 100) throw new Error('it looks again and again')
      return reader.byId(id)
    },
    readAgain: () => ({
      ...NOTHING_READ,
      async run(signal) {
        while (!signal.aborted) await settle()
        // Closing a client of Kafka takes a while.
        await settle()
      },
    }),
  })
  const { id } = await engine.ask({ ...all, kind: 'reconsume', total: 10 })
  const running = engine.run('reconsume', stopping.signal)
  await settle()
  stopping.abort()
  await running
  // The next start goes on with it.
  expect(reader.byId(id)?.state).toBe('running')
})
