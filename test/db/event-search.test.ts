import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  openEventSearch,
  type EventQuery,
  type EventSearch,
  type Search,
} from '../../db/event-search.ts'
import type { EventState } from '../../src/event.ts'
import { manualClock } from '../support/manual-clock.ts'
import { openDbWorld, paddedBody, type DbWorld } from './world.ts'
import { bytes, sampleEvent, sampleException, sampleMark } from '../support/stored.ts'

const START_MS = Date.UTC(2026, 0, 1)
const MINUTE_MS = 60_000
const STATES: readonly EventState[] = ['accepted', 'accepted', 'accepted', 'failed', 'ignored']

/** Event n: received n minutes after the start, with what n makes of it. */
function event(n: number) {
  const state = STATES[n % STATES.length] ?? 'accepted'
  return sampleEvent(`id-${n}`, {
    source: n % 7 === 0 ? 'tiny' : n % 2 === 0 ? 'github' : 'shop',
    type: n % 3 === 0 ? 'push' : 'ping',
    key: `key-${n % 10}`,
    receivedAt: START_MS + n * MINUTE_MS,
    state,
    reason: state === 'accepted' ? null : 'HANDLER_FAILED: no',
    body: bytes(`{"n":${n},"name":"Zoë ${n}"}`),
    ...(state === 'accepted' ? {} : { records: [] }),
  })
}

/** Events 1 to `count`, whose numbers are their seqs. */
async function store(world: DbWorld, count: number): Promise<void> {
  const all = Array.from({ length: count }, (_, index) => event(index + 1))
  for (let at = 0; at < count; at += 500) await world.writer.commitAll(all.slice(at, at + 500))
}

/** All pages of a search, and how many there were. */
function everyPage(search: Search, options: Partial<EventSearch>) {
  const seqs: number[] = []
  const order = options.order ?? 'newest'
  let behind = options.behind
  for (let pages = 1; ; pages += 1) {
    const common = { query: {}, limit: 100, msMax: Infinity }
    const page = search({ ...common, ...options, order, behind })
    seqs.push(...page.seqs)
    if (page.next === null) return { seqs, pages }
    behind = page.next
  }
}

describe('over 30,000 events', () => {
  let world: DbWorld
  let search: Search
  const numbers = Array.from({ length: 30_000 }, (_, index) => index + 1)

  beforeAll(async () => {
    world = await openDbWorld({ runIds: 4096 })
    await store(world, 30_000)
    search = openEventSearch(world.database, manualClock())
  })
  afterAll(() => Promise.resolve(world[Symbol.asyncDispose]()))

  function expectAll(query: EventQuery, isWanted: (n: number) => boolean) {
    const wanted = numbers.filter(isWanted)
    expect(everyPage(search, { query, limit: 400 }).seqs).toEqual(wanted.toReversed())
    expect(everyPage(search, { query, limit: 333, order: 'oldest' }).seqs).toEqual(wanted)
  }

  test('each condition holds, in both orders, over all pages', () => {
    expectAll({}, () => true)
    expectAll({ source: 'shop' }, (n) => event(n).source === 'shop')
    expectAll({ type: 'push', key: 'key-3' }, (n) => n % 3 === 0 && n % 10 === 3)
    expectAll({ state: 'failed' }, (n) => n % 5 === 3)
    expectAll({ state: 'failed', source: 'tiny' }, (n) => n % 5 === 3 && n % 7 === 0)
    expectAll({ state: 'accepted', type: 'push' }, (n) => n % 5 < 3 && n % 3 === 0)
    expectAll({ text: '"n":1234' }, (n) => String(n).startsWith('1234'))
    expectAll({ text: 'Zoë 29999', source: 'shop' }, (n) => n === 29_999)
  })

  test('times are bounds, the first inclusive', () => {
    const at = (n: number) => START_MS + n * MINUTE_MS
    expectAll({ since: at(100), until: at(103) }, (n) => n >= 100 && n < 103)
    expectAll({ since: at(29_998) }, (n) => n >= 29_998)
    expectAll({ until: at(3) }, (n) => n < 3)
    expectAll({ since: at(40_000) }, () => false)
    expectAll({ since: at(29_000), text: '"n":29' }, (n) => n >= 29_000 && n < 30_000)
  })

  test('an id is found at once, wherever it is, and with or without its source', () => {
    for (const n of [1, 7, 4_096, 4_097, 20_000, 29_999, 30_000]) {
      const { source, eventId: id } = event(n)
      const common = { order: 'newest', limit: 5, msMax: 0 } as const
      expect(search({ ...common, query: { id, source } })).toEqual({ seqs: [n], next: null })
      expect(search({ ...common, query: { id } })).toEqual({ seqs: [n], next: null })
      expect(search({ ...common, query: { id, source: 'none' } }).seqs).toEqual([])
    }
  })

  test('an id that nobody has is nowhere', () => {
    expect(everyPage(search, { query: { id: 'id-0' } }).seqs).toEqual([])
    expect(everyPage(search, { query: { id: 'id-0', source: 'shop' } })).toEqual({
      seqs: [],
      pages: 1,
    })
  })

  test('a search without time left answers where it is, and goes on there', () => {
    const slow = everyPage(search, { query: { text: '"n":7,' }, msMax: -1, behind: 21 })
    const query = { source: 'nobody' }

    expect(slow).toEqual({ seqs: [7], pages: 21 })
    expect(everyPage(search, { query, msMax: -1 })).toEqual({ seqs: [], pages: 16 })
  })
})

test('an id that is used again names each of its events', async () => {
  await using world = await openDbWorld({ runIds: 4 })
  const undated = { eventIdValidMs: 1, receivedAt: START_MS }
  await world.writer.commit(sampleEvent('e1', undated))
  for (const id of ['a', 'b', 'c', 'd', 'e']) await world.writer.commit(sampleEvent(id))
  await world.writer.commit(sampleEvent('e1', { ...undated, receivedAt: START_MS + 2 }))
  await world.writer.commit(sampleEvent('e1', { source: 'shop' }))
  const search = openEventSearch(world.database, manualClock())
  const find = (query: EventQuery) => search({ query, order: 'newest', limit: 10, msMax: 0 }).seqs

  expect(find({ id: 'e1' })).toEqual([8, 7, 1])
  expect(find({ id: 'e1', source: 'github' })).toEqual([7, 1])
})

test('a source that few events are from is found by its id all the same', async () => {
  await using world = await openDbWorld({ runIds: 128 })
  await world.writer.commit(sampleEvent('rare', { source: 'once' }))
  // So that no sample of 256 meets the first one but by looking at it: it is the first of all.
  await world.writer.commitAll(Array.from({ length: 2_000 }, (_, n) => sampleEvent(`e${n}`)))
  await world.writer.commit(sampleEvent('rarer', { source: 'twice' }))
  await world.writer.commitAll(Array.from({ length: 2_000 }, (_, n) => sampleEvent(`f${n}`)))
  const search = openEventSearch(world.database, manualClock())

  expect(everyPage(search, { query: { id: 'rarer' } }).seqs).toEqual([2_002])
  const known = { query: { id: 'rarer' }, order: 'newest', limit: 1, msMax: 0 } as const
  expect(search({ ...known, sources: ['twice'] }).seqs).toEqual([2_002])
})

test('events are found by what keeps their records from their topics', async () => {
  await using world = await openDbWorld()
  for (const id of ['e1', 'e2', 'e3', 'e4']) await world.writer.commit(sampleEvent(id))
  const exceptions = [sampleException(2), sampleException(4, { status: 'retry', nextAt: 1 })]
  await world.writer.mark(sampleMark(0, 4, { exceptions }))
  const search = openEventSearch(world.database, manualClock())
  const find = (query: EventQuery) => search({ query, order: 'newest', limit: 10, msMax: 0 }).seqs

  expect(find({ records: 'blocked' })).toEqual([2])
  expect(find({ records: 'retry' })).toEqual([4])
  expect(find({ records: 'dead' })).toEqual([])
  expect(find({ records: 'blocked', text: 'e1' })).toEqual([])
})

test('a clock that jumped back an hour hides nothing', async () => {
  await using world = await openDbWorld()
  const minutes = [0, 1, 2, 58, 59, 60, 3, 4, 5, 6]
  for (const [n, minute] of minutes.entries()) {
    const receivedAt = START_MS + minute * MINUTE_MS
    await world.writer.commit(sampleEvent(`e${n}`, { receivedAt }))
  }
  const search = openEventSearch(world.database, manualClock())
  for (const minute of minutes) {
    const since = START_MS + minute * MINUTE_MS
    const query = { since, until: since + 1 }
    const { seqs } = search({ query, order: 'newest', limit: 10, msMax: Infinity })
    expect(seqs).toEqual([minutes.indexOf(minute) + 1])
  }
})

test('what retention has taken costs a search nothing', async () => {
  await using world = await openDbWorld()
  await world.writer.commit(sampleEvent('e1'))
  world.database.client.run('UPDATE inbox SET seq = 50000000')
  const search = openEventSearch(world.database, manualClock())
  const options = { query: { type: 'push' }, order: 'oldest', limit: 10, msMax: 0 } as const

  expect(search(options)).toEqual({ seqs: [50_000_000], next: null })
})

test('a text is found on both sides of bodies that are damaged', async () => {
  await using world = await openDbWorld()
  const body = bytes(paddedBody('wanted').repeat(10))
  for (const id of ['e1', 'e2', 'e3']) await world.writer.commit(sampleEvent(id, { body }))
  world.database.client.run('UPDATE chunks SET packed_hash = 0 WHERE seq = 2')
  const search = openEventSearch(world.database, manualClock())
  expect(everyPage(search, { query: { text: 'wanted' } }).seqs).toEqual([3, 1])
})
