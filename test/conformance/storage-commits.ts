/** The cases of the storage suite about what is stored, and what is known. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { BODY_BYTES_MAX } from '../../src/limits/limits.ts'
import type { NewEvent } from '../../src/event.ts'
import { ALL, KEEP, rowCounts, type StorageCase, type StorageRig } from './storage-setup.ts'
import { bytes, codeOf, sampleEvent, sampleRecord, START_MS } from '../support/stored.ts'

const VALID_MS = 15 * 60 * 1000

export const COMMIT_CASES: readonly StorageCase[] = [
  {
    name: 'an event comes out as it went in, and outlives the process',
    async run(rig) {
      const records = [
        sampleRecord({ topic: 'a', key: '', headers: '{"x":"ü"}' }),
        sampleRecord({ topic: 'b', key: 'ключ', value: bytes('{"made":1}') }),
        sampleRecord({ topic: 'c', value: bytes('') }),
      ]
      const body = bytes(new Uint8Array([0, 255, 254, 195, 40, 10]))
      assert.deepEqual(await rig.commit(sampleEvent('e1', { records, body })), stored(1))
      await rig.restart()
      const entries = await rig.pending(ALL)
      assert.deepEqual(
        entries.map(({ seq, n, topic, key, headers, value, inboxSeq }) => {
          return [seq, n, topic, key, headers, value.toHex(), inboxSeq]
        }),
        [
          [1, 0, 'a', '', '{"x":"ü"}', body.toHex(), 1],
          [2, 1, 'b', 'ключ', null, bytes('{"made":1}').toHex(), 1],
          [3, 2, 'c', 'repository-1', null, '', 1],
        ],
      )
      const [entry] = entries
      assert.deepEqual(
        [entry?.source, entry?.eventId, entry?.type, entry?.contentType, entry?.eventHeaders],
        ['github', 'e1', 'push', 'application/json', '{"x-github-event":"push"}'],
      )
      assert.equal(entry?.receivedAt, START_MS)
      assert.deepEqual(await rig.commit(sampleEvent('e1', { records, body })), known(1))
    },
  },
  {
    name: 'an event without records is stored, with why',
    async run(rig) {
      const reason = 'no such route'
      await rig.commit(sampleEvent('e1', { state: 'ignored', reason, records: [] }))
      const rows = await rig.sql('SELECT state, reason FROM inbox')
      assert.deepEqual({ ...rows[0] }, { state: 'ignored', reason })
      assert.deepEqual(await rig.pending(ALL), [])
    },
  },
  {
    name: 'empty bodies and empty values are what they are',
    async run(rig) {
      await rig.commit(sampleEvent('e1', { body: bytes('') }))
      assert.deepEqual(await rig.commit(sampleEvent('e1', { body: bytes('') })), known(1))
      assert.deepEqual(await rig.commit(sampleEvent('e1')), known(1, false))
      await rig.commit(sampleEvent('e2'))
      assert.deepEqual(await rig.commit(sampleEvent('e2', { body: bytes('') })), known(2, false))
      await rig.commit(sampleEvent('e3', { records: [sampleRecord({ value: bytes('') })] }))
      const entries = await rig.pending(ALL)
      assert.deepEqual(
        entries.map(({ value, damage }) => [value.byteLength, damage]),
        [
          [0, undefined],
          [bytes('{"id":"e2"}').byteLength, undefined],
          [0, undefined],
        ],
      )
    },
  },
  {
    name: 'ids of any characters name their own event',
    async run(rig) {
      const ids = ['a', 'a\0', 'a\0b', 'A', 'ä', 'a\u0308', '"', "'", '\\', '😀', '\n', ' a']
      for (const [at, id] of ids.entries()) {
        assert.deepEqual(await rig.commit(sampleEvent(id)), stored(at + 1))
      }
      for (const [at, id] of ids.entries()) {
        assert.deepEqual(await rig.commit(sampleEvent(id)), known(at + 1))
      }
      const entries = await rig.pending(ALL)
      assert.deepEqual(
        entries.map(({ eventId }) => eventId),
        ids,
      )
    },
  },
  {
    name: 'the same id of another source is another event',
    async run(rig) {
      await rig.commit(sampleEvent('e1'))
      assert.deepEqual(await rig.commit(sampleEvent('e1', { source: 'gitlab' })), stored(2))
    },
  },
  {
    name: 'of many deliveries of an event at once exactly one is stored',
    async run(rig) {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, () => rig.commit(sampleEvent('e1'))),
      )
      assert.equal(outcomes.filter(({ kind }) => kind === 'stored').length, 1)
      assert.ok(outcomes.every(({ seq }) => seq === 1))
      assert.deepEqual(await countsOf(rig), { chunks: 1, inbox: 1, outbox: 1 })
    },
  },
  {
    name: 'duplicates with other bytes are counted, and the first of them is kept',
    async run(rig) {
      await rig.commit(sampleEvent('e1'))
      await rig.commit(sampleEvent('e1'))
      const other = (text: string) => rig.commit(sampleEvent('e1', { body: bytes(text) }))
      assert.deepEqual(await other('one'), known(1, false))
      assert.deepEqual(await other('two'), known(1, false))
      const [variant] = await rig.sql(
        'SELECT inbox_seq, count, hex(first_body) AS body FROM variants',
      )
      const body = bytes('one').toHex().toUpperCase()
      assert.deepEqual({ ...variant }, { inbox_seq: 1, count: 2, body })
      assert.equal((await rig.pending(ALL)).length, 1)
    },
  },
  {
    name: 'an id that is only valid for a while names another event after it',
    async run(rig) {
      const at = (ms: number) =>
        rig.commit(sampleEvent('hash', { eventIdValidMs: VALID_MS, receivedAt: START_MS + ms }))
      assert.deepEqual(await at(0), stored(1))
      assert.deepEqual(await at(VALID_MS - 1), known(1))
      assert.deepEqual(await at(VALID_MS), stored(2))
      assert.deepEqual(await at(VALID_MS + 1), known(2))
      assert.equal((await rig.pending(ALL)).length, 2)
    },
  },
  {
    name: 'an id that a clock far ahead has left swallows nothing',
    async run(rig) {
      const at = (ms: number) =>
        rig.commit(sampleEvent('hash', { eventIdValidMs: VALID_MS, receivedAt: START_MS + ms }))
      await at(3 * VALID_MS)
      assert.deepEqual(await at(0), stored(2))
    },
  },
  {
    name: 'seqs are in the order of commits, without gaps',
    async run(rig) {
      await rig.sql("CREATE UNIQUE INDEX once ON outbox (topic) WHERE topic = 'once'")
      const once = { records: [sampleRecord(), sampleRecord({ topic: 'once' })] }
      await rig.commit(sampleEvent('e1', once))
      await rig.commit(sampleEvent('e1'))
      assert.notEqual(await codeOf(rig.commit(sampleEvent('e2', once))), undefined)
      await rig.commitAll([
        sampleEvent('e1'),
        sampleEvent('e3'),
        sampleEvent('e1'),
        sampleEvent('e4'),
      ])
      await rig.commit(sampleEvent('e5', { records: [] }))
      await rig.restart()
      await rig.commit(sampleEvent('e6'))
      const inbox = await rig.sql('SELECT seq, event_id AS id FROM inbox ORDER BY seq')
      assert.deepEqual(
        inbox.map(({ seq, id }) => [seq, id]),
        [
          [1, 'e1'],
          [2, 'e3'],
          [3, 'e4'],
          [4, 'e5'],
          [5, 'e6'],
        ],
      )
      assert.deepEqual(
        (await rig.pending(ALL)).map(({ seq, inboxSeq }) => [seq, inboxSeq]),
        [
          [1, 1],
          [2, 1],
          [3, 2],
          [4, 3],
          [5, 5],
        ],
      )
    },
  },
  {
    name: 'a statement that fails in the middle leaves nothing of its commit',
    async run(rig) {
      await rig.sql("CREATE UNIQUE INDEX once ON outbox (topic) WHERE topic = 'once'")
      const once = { state: 'failed', reason: 'later', retryAt: START_MS } as const
      const records = [sampleRecord({ topic: 'once' })]
      await rig.commit(sampleEvent('e1', { records }))
      const before = await rowCounts(rig)
      assert.equal(
        await codeOf(rig.commit(sampleEvent('e2', { ...once, records }))),
        'STORAGE_FAILED',
      )
      assert.deepEqual(await rowCounts(rig), before)
      await rig.sql('DROP INDEX once')
      assert.deepEqual(await rig.commit(sampleEvent('e2', { ...once, records })), stored(2))
      const [retry] = await rig.sql('SELECT inbox_seq, attempts, next_at FROM handler_retries')
      assert.deepEqual({ ...retry }, { inbox_seq: 2, attempts: 1, next_at: START_MS })
    },
  },
  {
    name: 'a body and a value of the largest size come back whole',
    async run(rig) {
      const body = bytes(pattern(BODY_BYTES_MAX))
      const value = pattern(BODY_BYTES_MAX - 1)
      await rig.commit(
        sampleEvent('e1', { body, records: [sampleRecord(), sampleRecord({ value })] }),
      )
      const [whole, made] = await rig.pending(ALL)
      assert.ok(isSame(whole?.value, body))
      assert.ok(isSame(made?.value, value))
      const first = await rig.pending({ limit: 10, bytesMax: 1000 })
      assert.deepEqual(
        first.map(({ seq }) => seq),
        [1],
      )
    },
  },
]

export const BATCH_CASES: readonly StorageCase[] = [
  {
    name: 'several events are stored all or none, with the answer to their request',
    async run(rig) {
      await rig.sql("CREATE UNIQUE INDEX once ON outbox (topic) WHERE topic = 'once'")
      const once = { records: [sampleRecord({ topic: 'once' })] }
      const events = [sampleEvent('e1'), sampleEvent('e2', once), sampleEvent('e3', once)]
      assert.equal(await codeOf(rig.commitAll(events, KEEP)), 'STORAGE_FAILED')
      assert.deepEqual(await countsOf(rig), {})
      assert.equal(await rig.findAnswer('shop', 'k1'), undefined)
      await rig.sql('DROP INDEX once')
      assert.deepEqual(await rig.commitAll(events, KEEP), [stored(1), stored(2), stored(3)])
      await rig.restart()
      const answer = { caller: 'shop', key: 'k1', requestHash: 'aa', status: 202 }
      assert.deepEqual(await rig.findAnswer('shop', 'k1'), answer)
      assert.equal(await rig.findAnswer('till', 'k1'), undefined)
    },
  },
  {
    name: 'an answer says whether anything of its request was new',
    async run(rig) {
      await rig.commitAll([sampleEvent('e1')])
      await rig.commitAll([sampleEvent('e1'), sampleEvent('e2')], KEEP)
      await rig.commitAll([sampleEvent('e1'), sampleEvent('e2')], { ...KEEP, key: 'k2' })
      await rig.commitAll([], { ...KEEP, key: 'k3' })
      assert.equal((await rig.findAnswer('shop', 'k1'))?.status, 202)
      assert.equal((await rig.findAnswer('shop', 'k2'))?.status, 200)
      assert.equal((await rig.findAnswer('shop', 'k3'))?.status, 200)
    },
  },
  {
    name: 'of two requests with one key at once only one is stored',
    async run(rig) {
      const outcomes = await Promise.all([
        codeOf(rig.commitAll([sampleEvent('e1')], KEEP)),
        codeOf(rig.commitAll([sampleEvent('e2')], { ...KEEP, requestHash: 'bb' })),
      ])
      const winner = outcomes.indexOf(undefined)
      assert.equal(outcomes.filter((code) => code === undefined).length, 1)
      assert.equal((await rig.findAnswer('shop', 'k1'))?.requestHash, ['aa', 'bb'][winner])
      assert.deepEqual(
        (await rig.pending(ALL)).map(({ eventId }) => eventId),
        [`e${winner + 1}`],
      )
    },
  },
  {
    name: 'an event that comes twice in one request is stored once',
    async run(rig) {
      const other = sampleEvent('e1', { body: bytes('other') })
      const committed = await rig.commitAll([
        sampleEvent('e1'),
        sampleEvent('e1'),
        other,
        sampleEvent('e2'),
      ])
      assert.deepEqual(committed, [stored(1), known(1), known(1, false), stored(2)])
      const [variant] = await rig.sql('SELECT inbox_seq, count FROM variants')
      assert.deepEqual({ ...variant }, { inbox_seq: 1, count: 1 })
    },
  },
  {
    name: 'of a request that is known in part the rest is stored, and all of it is kept',
    async run(rig) {
      const first = partsOf('[{"a":1}]', { e1: [1, 8] })
      const second = partsOf('[{"a":1},{"b":2},{"c":3}]', { e1: [1, 8], e2: [9, 16], e3: [17, 24] })
      assert.deepEqual(await rig.commitAll(first), [stored(1)])
      assert.deepEqual(await rig.commitAll(second), [known(1), stored(2), stored(3)])
      assert.deepEqual(await rig.commitAll(second), [known(1), known(2), known(3)])
      const entries = await rig.pending(ALL)
      assert.deepEqual(
        entries.map(({ value }) => new TextDecoder().decode(value)),
        ['{"a":1}', '{"b":2}', '{"c":3}'],
      )
      const kept = await rig.sql(`
        SELECT batches.inbox_first AS first, batches.inbox_last AS last,
          hex(substr(bodies, batches.body_offset + 1, batches.body_length)) AS body
        FROM batches JOIN inbox ON inbox.seq = batches.inbox_first
        JOIN chunks ON chunks.seq = chunk_seq ORDER BY first`)
      const whole = (events: readonly NewEvent[]) => events[0]?.request?.toHex().toUpperCase()
      assert.deepEqual(
        kept.map(({ first, last, body }) => [first, last, body]),
        [
          [1, 1, whole(first)],
          [2, 3, whole(second)],
        ],
      )
    },
  },
  {
    name: 'hundreds of events with their records are one commit',
    async run(rig) {
      const events = Array.from({ length: 500 }, (_, at) =>
        sampleEvent(`e${at}`, {
          body: bytes(`body ${at}`),
          records: [sampleRecord(), sampleRecord({ topic: 'made', value: bytes(`value ${at}`) })],
        }),
      )
      const committed = await rig.commitAll(events, KEEP)
      assert.ok(committed.every(({ kind, seq }, at) => kind === 'stored' && seq === at + 1))
      assert.deepEqual(await countsOf(rig), {
        chunks: 1,
        inbox: 500,
        outbox: 1000,
        idempotency_keys: 1,
      })
      const entries = await rig.pending({ ...ALL, limit: 400 })
      assert.equal(entries.length, 400)
      const texts = entries.slice(0, 4).map(({ value }) => new TextDecoder().decode(value))
      assert.deepEqual(texts, ['body 0', 'value 0', 'body 1', 'value 1'])
      assert.ok(entries.every(({ seq }, at) => seq === at + 1))
    },
  },
  {
    name: 'large values of many records are one commit',
    async run(rig) {
      const value = pattern(400_000)
      const records = Array.from({ length: 3 }, (_, n) =>
        sampleRecord({
          value: value.with(0, n),
          headers: JSON.stringify({ a: 'x'.repeat(100_000) }),
        }),
      )
      await rig.commitAll([sampleEvent('e1', { records }), sampleEvent('e2', { records })])
      const entries = await rig.pending(ALL)
      assert.deepEqual(
        entries.map((entry) => [entry.inboxSeq, entry.n, entry.value[0]]),
        [1, 2].flatMap((seq) => records.map((_, n) => [seq, n, n])),
      )
      assert.ok(entries.every((entry) => isSame(entry.value, value.with(0, entry.n))))
    },
  },
]

function stored(seq: number) {
  return { kind: 'stored', seq }
}

function known(seq: number, sameBody = true) {
  return { kind: 'duplicate', seq, sameBody }
}

/** The tables that have rows; `identities` is how one of the storages does it. */
async function countsOf(rig: StorageRig): Promise<Readonly<Record<string, unknown>>> {
  const counts = Object.entries(await rowCounts(rig))
  return Object.fromEntries(counts.filter(([name, n]) => n !== 0 && name !== 'identities'))
}

/** Bytes that are nowhere the same as beside them. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(length)
  for (let at = 0; at < length; at += 1) data[at] = at * 7 + (at >> 8)
  return data
}

function isSame(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left !== undefined && Buffer.compare(left, right) === 0
}

/** Events whose bodies are parts of one request. */
function partsOf(
  text: string,
  parts: Readonly<Record<string, readonly [number, number]>>,
): readonly NewEvent[] {
  const request = bytes(text)
  return Object.entries(parts).map(([id, [from, to]]) =>
    sampleEvent(id, { request, body: bytes(request.subarray(from, to)) }),
  )
}
