/** The cases of the storage suite about several processes on one database. */
import assert from 'node:assert/strict'
import { LEASE_MS_MAX } from '../../src/limits/edge.ts'
import type { PortableStore } from '../../db/portable/portable-store.ts'
import { ALL, RETENTION_MS, type StorageCase, type StorageRig } from './storage-setup.ts'
import {
  bytes,
  codeOf,
  sampleException,
  sampleMark,
  sampleEvent,
  sampleRecord,
  START_MS,
} from '../support/stored.ts'

const LEASE_MS = 60_000

export const CLAIM_CASES: readonly StorageCase[] = [
  {
    name: 'of two that would publish only one is given entries',
    async run(rig) {
      const store = sharedOf(rig)
      await rig.commitAll([sampleEvent('e1'), sampleEvent('e2')])
      const claims = await Promise.all(['a', 'b', 'c'].map((holder) => claim(store, holder)))
      const given = claims.filter((each) => each !== undefined)
      assert.equal(given.length, 1)
      assert.deepEqual(seqs(given[0]), [1, 2])
      assert.equal(given[0]?.position, 0)
    },
  },
  {
    name: 'the holder may claim again, which gives it the whole time anew',
    async run(rig) {
      const store = sharedOf(rig)
      await rig.commit(sampleEvent('e1'))
      await claim(store, 'a')
      rig.advance(LEASE_MS - 1)
      assert.deepEqual(seqs(await claim(store, 'a')), [1])
      rig.advance(LEASE_MS - 1)
      assert.equal(await claim(store, 'b'), undefined)
    },
  },
  {
    name: 'a lease that is over is taken, and the late mark of its former holder changes nothing',
    async run(rig) {
      const store = sharedOf(rig)
      await rig.commitAll([sampleEvent('e1'), sampleEvent('e2')])
      await claim(store, 'a')
      rig.advance(LEASE_MS - 1)
      assert.equal(await claim(store, 'b'), undefined)
      rig.advance(1)
      assert.deepEqual(seqs(await claim(store, 'b')), [1, 2])
      const late = sampleMark(0, 2, { exceptions: [sampleException(1)] })
      assert.equal(await codeOf(store.mark('a', late)), 'LEASE_LOST')
      assert.deepEqual(await store.lag(), {
        pending: 2,
        oldestReceivedAt: START_MS,
        retry: 0,
        blocked: 0,
        dead: 0,
      })
      await store.mark('b', sampleMark(0, 2))
      assert.equal((await store.lag()).pending, 0)
    },
  },
  {
    name: 'a holder whose time is over may mark as long as nobody else has claimed',
    async run(rig) {
      const store = sharedOf(rig)
      await rig.commit(sampleEvent('e1'))
      await claim(store, 'a')
      rig.advance(2 * LEASE_MS)
      await store.mark('a', sampleMark(0, 1))
      assert.equal((await store.lag()).pending, 0)
    },
  },
  {
    name: 'nothing is marked by somebody who never claimed',
    async run(rig) {
      const store = sharedOf(rig)
      await rig.commit(sampleEvent('e1'))
      assert.equal(await codeOf(store.mark('a', sampleMark(0, 1))), 'LEASE_LOST')
      assert.equal(await codeOf(store.markEvents('a', { from: 0, to: 1 })), 'LEASE_LOST')
      assert.equal((await store.lag()).pending, 1)
    },
  },
  {
    name: 'a lease that is given back is free, but not by another one',
    async run(rig) {
      const store = sharedOf(rig)
      await claim(store, 'a')
      await store.release('b')
      assert.equal(await claim(store, 'b'), undefined)
      await store.release('a')
      assert.notEqual(await claim(store, 'b'), undefined)
    },
  },
  {
    name: 'a lease that a clock far ahead has left stops nobody for longer than its time',
    async run(rig) {
      const store = sharedOf(rig)
      rig.advance(LEASE_MS_MAX)
      await claim(store, 'a')
      rig.advance(-LEASE_MS_MAX)
      assert.notEqual(await claim(store, 'b'), undefined)
    },
  },
  {
    name: 'a claim is given the oldest entries that fit, and always one',
    async run(rig) {
      const store = sharedOf(rig)
      const value = bytes('x'.repeat(100))
      for (const id of ['e1', 'e2', 'e3']) {
        await rig.commit(sampleEvent(id, { records: [sampleRecord({ value })] }))
      }
      const fitting = (bytesMax: number, limit = 10) =>
        store.claimEntries({ holder: 'a', leaseMs: LEASE_MS, limit, bytesMax })
      assert.deepEqual(seqs(await fitting(1)), [1])
      assert.deepEqual(seqs(await fitting(200)), [1, 2])
      assert.deepEqual(seqs(await fitting(1000, 2)), [1, 2])
    },
  },
  {
    name: 'a claim says which topics are closed, and a holder which keys are blocked',
    async run(rig) {
      const store = sharedOf(rig)
      await rig.commitAll(['e1', 'e2', 'e3', 'e4'].map((id) => sampleEvent(id)))
      await claim(store, 'a')
      const closed = { status: 'retry', topic: 't', nextAt: START_MS } as const
      const exceptions = [
        sampleException(1, closed),
        sampleException(2, closed),
        sampleException(3),
      ]
      await store.mark('a', sampleMark(0, 3, { exceptions }))
      const claimed = await claim(store, 'a')
      assert.deepEqual(claimed?.heads, [sampleException(1, closed)])
      assert.deepEqual(seqs(claimed), [4])
      assert.deepEqual(await store.blockedKeys(), [
        { topic: 'webhooks.github', key: 'repository-1' },
      ])
    },
  },
  {
    name: 'an entry whose event is gone says so',
    async run(rig) {
      await rig.commitAll([sampleEvent('e1'), sampleEvent('e2')])
      await rig.sql('DELETE FROM inbox WHERE seq = 1')
      const claimed = await claim(sharedOf(rig), 'a')
      assert.deepEqual(seqs(claimed), [1, 2])
      assert.notEqual(claimed?.entries[0]?.damage, undefined)
      assert.equal(claimed?.entries[1]?.damage, undefined)
    },
  },
  {
    name: 'the name of a database stays the same',
    async run(rig) {
      const epochs = await Promise.all([sharedOf(rig).epoch(), sharedOf(rig).epoch()])
      await rig.restart()
      assert.deepEqual(new Set([...epochs, await sharedOf(rig).epoch()]).size, 1)
      assert.match(epochs[0], /^[0-9a-f]{32}$/)
    },
  },
]

export const EVENT_CASES: readonly StorageCase[] = [
  {
    name: 'events are handed on as they were stored, once each, in their order',
    async run(rig) {
      const store = sharedOf(rig)
      const first = sampleEvent('e1', {
        eventIdValidMs: 900_000,
        records: [sampleRecord({ value: bytes('made'), headers: '{"a":"b"}' }), sampleRecord()],
      })
      const failed = { state: 'failed', reason: 'later', retryAt: START_MS + 5000 } as const
      const second = sampleEvent('e2', { ...failed, headers: null, records: [] })
      await rig.commitAll([first, second])
      await rig.commit(sampleEvent('e3'))
      const claimed = await claimEvents(store, 'a', 2)
      assert.equal(claimed?.position, 0)
      assert.deepEqual(claimed.events, [
        { ...first, seq: 1, retryAt: undefined },
        { ...second, seq: 2 },
      ])
      await store.markEvents('a', { from: 0, to: 2 })
      const rest = await claimEvents(store, 'a', 10)
      assert.deepEqual([rest?.position, rest?.events.map(({ seq }) => seq)], [2, [3]])
      assert.deepEqual(seqs(await claim(store, 'a')), [3])
    },
  },
  {
    name: 'a late word of having handed events on changes nothing',
    async run(rig) {
      const store = sharedOf(rig)
      await rig.commitAll([sampleEvent('e1'), sampleEvent('e2')])
      await claimEvents(store, 'a', 10)
      rig.advance(LEASE_MS)
      assert.equal((await claimEvents(store, 'b', 10))?.events.length, 2)
      assert.equal(await codeOf(store.markEvents('a', { from: 0, to: 2 })), 'LEASE_LOST')
      for (const wrong of [
        { from: 1, to: 2 },
        { from: 0, to: 3 },
      ]) {
        assert.equal(await codeOf(store.markEvents('b', wrong)), 'STORAGE_FAILED')
      }
      assert.equal((await claimEvents(store, 'b', 10))?.position, 0)
    },
  },
  {
    name: 'who hands events on goes on where records were published until then',
    async run(rig) {
      const store = sharedOf(rig)
      await rig.commit(sampleEvent('e1'))
      await rig.commit(sampleEvent('e2', { records: [sampleRecord(), sampleRecord()] }))
      await claim(store, 'a')
      await store.mark('a', sampleMark(0, 2))
      assert.equal((await claimEvents(store, 'a', 10))?.position, 1)
      await claim(store, 'a')
      await store.mark('a', sampleMark(2, 3))
      assert.equal((await claimEvents(store, 'a', 10))?.position, 2)
    },
  },
  {
    name: 'events that are not handed on stay, however old',
    async run(rig) {
      const store = sharedOf(rig)
      await rig.commit(sampleEvent('e1', { state: 'ignored', records: [] }))
      await rig.commit(sampleEvent('e2', { state: 'ignored', records: [] }))
      await claimEvents(store, 'a', 1)
      await store.markEvents('a', { from: 0, to: 1 })
      rig.advance(RETENTION_MS + 1)
      const handing = rig.handing
      assert.ok(handing !== undefined)
      await handing.retainOnce()
      assert.deepEqual(await handing.lag(), {
        pending: 1,
        oldestReceivedAt: START_MS,
        retry: 0,
        blocked: 0,
        dead: 0,
      })
      assert.deepEqual(
        (await rig.sql('SELECT seq FROM inbox')).map(({ seq }) => seq),
        [2],
      )
    },
  },
]

function sharedOf({ shared }: StorageRig): PortableStore {
  assert.ok(shared !== undefined, 'several processes share it')
  return shared
}

function claim(store: PortableStore, holder: string) {
  return store.claimEntries({ holder, leaseMs: LEASE_MS, ...ALL })
}

function claimEvents(store: PortableStore, holder: string, limit: number) {
  return store.claimEvents({ holder, leaseMs: LEASE_MS, limit, bytesMax: ALL.bytesMax })
}

function seqs(claimed: Awaited<ReturnType<typeof claim>>): readonly number[] | undefined {
  return claimed?.entries.map(({ seq }) => seq)
}
