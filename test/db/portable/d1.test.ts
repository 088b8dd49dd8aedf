import { expect, test } from 'bun:test'
import { codeOf, sampleEvent, sampleMark } from '../../support/stored.ts'
import { openD1World } from './d1-world.ts'

const LOST = 'D1_ERROR: Network connection lost.'
const CLAIM = { holder: 'a', leaseMs: 60_000, limit: 10, bytesMax: 1_000_000 }

test('a commit whose answer was lost is stored once', async () => {
  await using world = await openD1World()
  world.lose(LOST)
  expect(await world.store.commit(sampleEvent('e1'))).toMatchObject({ kind: 'duplicate', seq: 1 })
  expect(await world.store.commit(sampleEvent('e2'))).toEqual({ kind: 'stored', seq: 2 })
  expect(world.batches).toBe(3)
})

test('a commit that did not run is run again', async () => {
  await using world = await openD1World()
  world.fail(LOST)
  world.fail('D1_ERROR: D1 DB reset because its code was updated.')
  expect(await world.store.commit(sampleEvent('e1'))).toEqual({ kind: 'stored', seq: 1 })
})

test('a database that stays away is not asked for ever', async () => {
  await using world = await openD1World()
  for (let at = 0; at < 4; at += 1) world.fail(LOST)
  expect(await codeOf(world.store.commit(sampleEvent('e1')))).toBe('STORAGE_FAILED')
  expect(world.batches).toBe(3)
})

test('what would fail again is not run again', async () => {
  await using world = await openD1World()
  world.fail('D1_ERROR: D1 DB is overloaded. Too many requests queued.')
  expect(await codeOf(world.store.commit(sampleEvent('e1')))).toBe('STORAGE_FAILED')
  world.fail('D1_ERROR: Exceeded maximum DB size')
  expect(await codeOf(world.store.commit(sampleEvent('e1')))).toBe('STORAGE_FULL')
  expect(world.batches).toBe(2)
})

test('a mark whose answer was lost counts, also where it is asked for anew', async () => {
  await using world = await openD1World()
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
  await using world = await openD1World()
  const { store } = world
  await store.commit(sampleEvent('e1'))
  await store.claimEvents(CLAIM)
  world.lose(LOST)
  await store.markEvents('a', { from: 0, to: 1 })
  expect((await store.claimEvents(CLAIM))?.events).toEqual([])
})
