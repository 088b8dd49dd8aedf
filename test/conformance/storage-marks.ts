/** The cases of the storage suite about what is published, and what is deleted. */
import assert from 'node:assert/strict'
import {
  ALL,
  KEEP,
  RETENTION_MS,
  rowCounts,
  type StorageCase,
  type StorageRig,
} from './storage-setup.ts'
import {
  bytes,
  codeOf,
  sampleException,
  sampleMark,
  sampleEvent,
  sampleRecord,
  START_MS,
} from '../support/stored.ts'

export const MARK_CASES: readonly StorageCase[] = [
  {
    name: 'a mark moves the high-water mark, and says where records landed',
    async run(rig) {
      await commitMany(rig, 3)
      const landed = { topic: 'webhooks.github', partition: 2, partitions: 6, seqFirst: 1 }
      const published = [{ ...landed, seqLast: 2, records: 2, baseOffset: '9007199254740993' }]
      await rig.mark(sampleMark(0, 2, { published }))
      await rig.restart()
      assert.deepEqual(await seqsOf(rig), [3])
      const [row] = await rig.sql('SELECT partitions, records, base_offset FROM publish_log')
      assert.deepEqual({ ...row }, { partitions: 6, records: 2, base_offset: '9007199254740993' })
      assert.deepEqual(await rig.lag(), { pending: 1, retry: 0, blocked: 0, dead: 0 })
    },
  },
  {
    name: 'a mark that contradicts the state changes nothing',
    async run(rig) {
      await commitMany(rig, 3)
      await rig.mark(sampleMark(0, 1))
      const wrong = [
        sampleMark(0, 2),
        sampleMark(2, 3),
        sampleMark(1, 4),
        sampleMark(1, 0),
        sampleMark(1, 2, { exceptions: [sampleException(3)] }),
        sampleMark(1, 2, { exceptions: [sampleException(1)] }),
        sampleMark(1, 2, { exceptions: [sampleException(2, { status: 'dead' })] }),
        sampleMark(1, 2, { settled: [2] }),
      ]
      for (const mark of wrong) {
        assert.equal(await codeOf(rig.mark(mark)), 'STORAGE_FAILED', JSON.stringify(mark))
      }
      assert.deepEqual(await rig.lag(), { pending: 2, retry: 0, blocked: 0, dead: 0 })
      assert.deepEqual(await seqsOf(rig), [2, 3])
    },
  },
  {
    name: 'what is set aside is kept, tried again, and settled',
    async run(rig) {
      await commitMany(rig, 4)
      const retry = sampleException(1, {
        status: 'retry',
        nextAt: START_MS + 1,
        code: 'TOPIC_REJECTED',
        reason: 'ключ',
      })
      await rig.mark(
        sampleMark(0, 3, { exceptions: [retry, sampleException(2), sampleException(3)] }),
      )
      await rig.restart()
      assert.deepEqual(await rig.exceptions('retry', 'webhooks.github'), [retry])
      assert.deepEqual(await rig.exceptions('blocked', 'webhooks.github'), [
        sampleException(2),
        sampleException(3),
      ])
      assert.deepEqual(await rig.exceptions('retry', 'other'), [])
      const again = { ...retry, attempts: 2, nextAt: START_MS + 2 }
      await rig.mark(sampleMark(3, 3, { exceptions: [again] }))
      assert.deepEqual(await rig.exceptions('retry', 'webhooks.github'), [again])
      await rig.mark(sampleMark(3, 4, { settled: [1] }))
      assert.deepEqual(await rig.lag(), { pending: 0, retry: 0, blocked: 2, dead: 0 })
      assert.equal(await codeOf(rig.mark(sampleMark(4, 4, { settled: [1] }))), 'STORAGE_FAILED')
      assert.equal(await codeOf(rig.mark(sampleMark(4, 4, { settled: [2] }))), 'STORAGE_FAILED')
    },
  },
  {
    name: 'what waits behind a blocked record waits, and behind a freed one does not',
    async run(rig) {
      await commitMany(rig, 5)
      const behind = (seq: number) => sampleException(seq, { attempts: 0 })
      await rig.mark(sampleMark(0, 2, { exceptions: [sampleException(1), behind(2)] }))
      assert.equal((await rig.lag()).blocked, 2)
      await rig.sql("UPDATE outbox_exceptions SET status = 'retry'")
      await rig.mark(sampleMark(2, 4, { exceptions: [behind(3), behind(4)] }))
      const freed = await rig.exceptions('retry', 'webhooks.github')
      assert.deepEqual(
        freed.map(({ seq }) => seq),
        [1, 2, 3, 4],
      )
      assert.equal(freed[3]?.nextAt, START_MS)
    },
  },
  {
    name: 'hundreds of entries are set aside and settled by one mark',
    async run(rig) {
      await rig.commitAll(Array.from({ length: 400 }, (_, at) => sampleEvent(`e${at}`)))
      const seqs = Array.from({ length: 400 }, (_, at) => at + 1)
      const exceptions = seqs.map((seq) =>
        sampleException(seq, { status: 'retry', nextAt: START_MS }),
      )
      await rig.mark(sampleMark(0, 400, { exceptions }))
      assert.equal((await rig.lag()).retry, 400)
      await rig.mark(sampleMark(400, 400, { settled: seqs }))
      assert.deepEqual(await rig.lag(), { pending: 0, retry: 0, blocked: 0, dead: 0 })
    },
  },
]

export const RETENTION_CASES: readonly StorageCase[] = [
  {
    name: 'what is past its time goes with everything of it, and its id counts no more',
    async run(rig) {
      await rig.commit(sampleEvent('e1'))
      await rig.commit(sampleEvent('e1', { body: bytes('other') }))
      await rig.commitAll([sampleEvent('e2')], KEEP)
      await rig.mark(sampleMark(0, 2))
      rig.advance(RETENTION_MS)
      await rig.retain()
      assert.equal((await rowCounts(rig))['inbox'], 2)
      assert.equal((await rig.commit(sampleEvent('e1'))).kind, 'duplicate')
      rig.advance(1)
      await rig.retain()
      assert.deepEqual(new Set(Object.values(await rowCounts(rig))), new Set([0]))
      assert.equal(await rig.findAnswer('shop', 'k1'), undefined)
      const later = START_MS + RETENTION_MS
      const again = await rig.commit(sampleEvent('e1', { receivedAt: later }))
      assert.deepEqual(again, { kind: 'stored', seq: 3 })
      assert.deepEqual(await seqsOf(rig), [3])
    },
  },
  {
    name: 'an id that names a newer event by now outlives the older one',
    async run(rig) {
      const at = (receivedAt: number) =>
        rig.commit(sampleEvent('hash', { eventIdValidMs, receivedAt }))
      const eventIdValidMs = 15 * 60 * 1000
      await at(START_MS)
      await rig.mark(sampleMark(0, 1))
      rig.advance(RETENTION_MS + 1)
      await at(START_MS + RETENTION_MS)
      await rig.retain()
      assert.equal((await rowCounts(rig))['inbox'], 1)
      const again = await at(START_MS + RETENTION_MS + 1)
      assert.deepEqual(again, { kind: 'duplicate', seq: 2, sameBody: true })
    },
  },
  {
    name: 'what is not published stays, however old, and so does what is set aside',
    async run(rig) {
      await commitMany(rig, 5)
      await rig.mark(sampleMark(0, 4, { exceptions: [sampleException(2)] }))
      rig.advance(2 * RETENTION_MS)
      await rig.retain()
      const ids = await rig.sql('SELECT event_id AS id FROM inbox ORDER BY seq')
      assert.deepEqual(
        ids.map(({ id }) => id),
        ['e1', 'e4'],
      )
      assert.equal((await rig.commit(sampleEvent('e1'))).kind, 'duplicate')
      assert.equal((await rig.exceptions('blocked', 'webhooks.github')).length, 1)
    },
  },
  {
    name: 'what is deleted is deleted in slices',
    async run(rig) {
      for (let at = 0; at < 3; at += 1) {
        const events = Array.from({ length: 500 }, (_, n) =>
          sampleEvent(`e${at}-${n}`, { records: [] }),
        )
        await rig.commitAll(events)
      }
      rig.advance(RETENTION_MS + 1)
      assert.ok((await rig.retain()) > 1)
      assert.equal((await rowCounts(rig))['inbox'], 0)
    },
  },
  {
    name: 'a kept commit does not keep what follows it',
    async run(rig) {
      for (let at = 0; at < 70; at += 1) await rig.commit(sampleEvent(`e${at}`))
      const blocked = Array.from({ length: 66 }, (_, at) => sampleException(at + 1))
      await rig.mark(sampleMark(0, 70, { exceptions: blocked }))
      rig.advance(RETENTION_MS + 1)
      await rig.retain()
      assert.equal((await rowCounts(rig))['inbox'], 66)
    },
  },
]

/** Events e0, e1, …, each a commit of its own, with one record. */
async function commitMany(rig: StorageRig, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    await rig.commit(sampleEvent(`e${at}`, { records: [sampleRecord()] }))
  }
}

async function seqsOf(rig: StorageRig): Promise<readonly number[]> {
  return (await rig.pending(ALL)).map(({ seq }) => seq)
}
