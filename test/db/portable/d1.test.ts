import { expect, test } from 'bun:test'
import { d1Batches, type D1, type D1Statement } from '../../../db/portable/d1.ts'
import { openNodeSqlite } from '../../../db/portable/node-sqlite.ts'
import { openPortableStore } from '../../../db/portable/store.ts'
import type { SqlValue } from '../../../db/portable/batches.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { makeTempDir } from '../../support/temp.ts'
import { codeOf, RETENTION_MS, sampleEvent, sampleMark } from '../world.ts'

const LOST = 'D1_ERROR: Network connection lost.'
const CLAIM = { holder: 'a', leaseMs: 60_000, limit: 10, bytesMax: 1_000_000 }

test('a commit whose answer was lost is stored once', async () => {
  await using world = await openWorld()
  world.lose(LOST)
  expect(await world.store.commit(sampleEvent('e1'))).toMatchObject({ kind: 'duplicate', seq: 1 })
  expect(await world.store.commit(sampleEvent('e2'))).toEqual({ kind: 'stored', seq: 2 })
  expect(world.batches).toBe(3)
})

test('a commit that did not run is run again', async () => {
  await using world = await openWorld()
  world.fail(LOST)
  world.fail('D1_ERROR: D1 DB reset because its code was updated.')
  expect(await world.store.commit(sampleEvent('e1'))).toEqual({ kind: 'stored', seq: 1 })
})

test('a database that stays away is not asked for ever', async () => {
  await using world = await openWorld()
  for (let at = 0; at < 4; at += 1) world.fail(LOST)
  expect(await codeOf(world.store.commit(sampleEvent('e1')))).toBe('STORAGE_FAILED')
  expect(world.batches).toBe(3)
})

test('what would fail again is not run again', async () => {
  await using world = await openWorld()
  world.fail('D1_ERROR: D1 DB is overloaded. Too many requests queued.')
  expect(await codeOf(world.store.commit(sampleEvent('e1')))).toBe('STORAGE_FAILED')
  world.fail('D1_ERROR: Exceeded maximum DB size')
  expect(await codeOf(world.store.commit(sampleEvent('e1')))).toBe('STORAGE_FULL')
  expect(world.batches).toBe(2)
})

test('a mark whose answer was lost counts, also where it is asked for anew', async () => {
  await using world = await openWorld()
  const { store } = world
  await store.commitAll([sampleEvent('e1'), sampleEvent('e2')])
  await store.claimEntries(CLAIM)
  world.lose(LOST)
  await store.mark('a', sampleMark(0, 1))
  world.lose('D1_ERROR: D1 DB exceeded its CPU time limit and was reset.')
  world.fail('D1_ERROR: D1 DB exceeded its CPU time limit and was reset.')
  expect(await codeOf(store.mark('a', sampleMark(1, 2)))).toBe('STORAGE_FAILED')
  await store.mark('a', sampleMark(1, 2))
  expect((await store.claimEntries(CLAIM))?.position).toBe(2)
})

test('events whose handing on was noted, and the answer lost, are not handed on again', async () => {
  await using world = await openWorld()
  const { store } = world
  await store.commit(sampleEvent('e1'))
  await store.claimEvents(CLAIM)
  world.lose(LOST)
  await store.markEvents('a', { from: 0, to: 1 })
  expect((await store.claimEvents(CLAIM))?.events).toEqual([])
})

interface Bound extends D1Statement {
  readonly sql: string
  readonly params: readonly SqlValue[]
}

/** D1 as its client sees it, but that its next batches fail, before they run or after. */
async function openWorld() {
  await using opened = new AsyncDisposableStack()
  const { path } = opened.use(await makeTempDir())
  const onFatal = (error: Error) => {
    throw error
  }
  const sqlite = opened.use(openNodeSqlite({ directory: path, now: 1, onFatal }))
  const faults: { readonly message: string; readonly runs: boolean }[] = []
  const counter = { batches: 0 }

  function prepare(sql: string, params: readonly SqlValue[] = []): Bound {
    return { sql, params, bind: (...next) => prepare(sql, next as SqlValue[]) }
  }
  const database: D1 = {
    prepare,
    async batch(statements) {
      counter.batches += 1
      const fault = faults.shift()
      const results = fault?.runs === false ? [] : await sqlite.batch(statements as Bound[])
      if (fault !== undefined) throw new Error(fault.message)
      return results.map((rows) => ({ results: rows }))
    },
  }
  const clock = manualClock()
  const now = { ...clock, sleep: () => Promise.resolve() }
  const options = { clock, retentionMs: RETENTION_MS, handsOn: 'entries' } as const
  const resources = opened.move()
  return {
    store: openPortableStore(d1Batches(database, now), options),
    fail: (message: string) => void faults.push({ message, runs: false }),
    lose: (message: string) => void faults.push({ message, runs: true }),
    get batches() {
      return counter.batches
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
