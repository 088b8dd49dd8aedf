import { afterEach, beforeEach, expect, test } from 'bun:test'
import { openNodeSqlite, type NodeSqlite } from '../../db/portable/node-sqlite.ts'
import type { PortableStore } from '../../db/portable/portable-store.ts'
import { openPortableStore } from '../../db/portable/store.ts'
import { FORWARD_BATCH_BYTES_MAX } from '../../src/limits/edge.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import type { ForwardedEvent } from '../../src/forwarded.ts'
import { silentLog } from '../../src/log.ts'
import type { PublishRecord } from '../../src/record.ts'
import { forwardPass } from '../../src/relay/forward-pass.ts'
import { publishPass } from '../../src/relay/pass.ts'
import { sampleEvent } from '../support/stored.ts'
import { manualClock, type ManualClock } from '../support/manual-clock.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

let folder: TempDir
let clock: ManualClock
let batches: NodeSqlite
/** What the other side has taken, by id; it fails while `isAway`. */
let taken: string[]
let isAway: boolean

beforeEach(async () => {
  folder = await makeTempDir()
  clock = manualClock()
  const onFatal = (error: GatewayError) => {
    throw error
  }
  batches = openNodeSqlite({ directory: folder.path, now: clock.now(), onFatal })
  taken = []
  isAway = false
})
afterEach(async () => {
  batches[Symbol.dispose]()
  await folder[Symbol.asyncDispose]()
})

function openStore(handsOn: 'entries' | 'events'): PortableStore {
  return openPortableStore(batches, { clock, retentionMs: 86_400_000, handsOn })
}

function take(ids: readonly string[], code: 'BROKER_UNAVAILABLE' | 'FORWARD_FAILED'): void {
  if (isAway) throw new GatewayError(code, 'nobody answers')
  taken.push(...ids)
}

const publisher = {
  publish(records: readonly PublishRecord[]) {
    const ids = records.map(({ headers }) => headers['ce_id'] ?? '')
    return Promise.try(() => {
      take(ids, 'BROKER_UNAVAILABLE')
      const [{ topic } = { topic: '' }] = records
      return [{ topic, partition: 0, baseOffset: '0', positions: [...records.keys()] }]
    })
  },
}

const forward = (events: readonly ForwardedEvent[]) =>
  Promise.try(() =>
    take(
      events.map(({ eventId }) => eventId),
      'FORWARD_FAILED',
    ),
  )

/** A pass of either kind, as an invocation runs it. */
const PASSES = {
  'to Kafka': (holder: string, untilMs = Infinity) =>
    publishPass(
      { outbox: openStore('entries'), publisher, clock, log: silentLog },
      { holder, untilMs, poisonPolicy: 'continue' },
    ),
  'to a core node': (holder: string, untilMs = Infinity) =>
    forwardPass(
      { inbox: openStore('events'), forward, clock, log: silentLog },
      { holder, untilMs },
    ),
}

test('a pass to a core node counts in a batch what its records take', async () => {
  const store = openStore('events')
  // The values of all three would fit into one; with keys and headers it is one event.
  const value = new Uint8Array(FORWARD_BATCH_BYTES_MAX / 4)
  const key = 'k'.repeat(FORWARD_BATCH_BYTES_MAX / 8)
  const record = { topic: 't', key, headers: JSON.stringify({ h: key }) }
  const sizes: number[] = []
  for (const id of ['a', 'b', 'c']) {
    await store.commit(
      sampleEvent(id, {
        records: [
          { ...record, value: null },
          { ...record, value },
        ],
      }),
    )
  }
  const count = (events: readonly ForwardedEvent[]) =>
    Promise.resolve(void sizes.push(events.length))
  const ports = { inbox: store, forward: count, clock, log: silentLog }
  expect(await forwardPass(ports, { holder: 'first', untilMs: Infinity })).toBe('done')
  expect(sizes).toEqual([1, 1, 1])
})

for (const [name, pass] of Object.entries(PASSES)) {
  test(`a pass ${name} hands on what is there, once, and gives its lease back`, async () => {
    const store = openStore('entries')
    await store.commitAll([sampleEvent('a'), sampleEvent('b')])

    expect(await pass('first')).toBe('done')
    expect(await pass('second')).toBe('done')
    expect(taken).toEqual(['a', 'b'])
  })

  test(`a pass ${name} that nobody answers ends at once, and marks nothing`, async () => {
    await openStore('entries').commit(sampleEvent('a'))
    isAway = true
    expect(await pass('first')).toBe('unavailable')
    isAway = false
    expect(await pass('second')).toBe('done')
    expect(taken).toEqual(['a'])
  })

  test(`a pass ${name} leaves alone what another one has`, async () => {
    const store = openStore('entries')
    await store.commit(sampleEvent('a'))
    const lease = { leaseMs: 60_000, limit: 1, bytesMax: 1 }
    await store.claimEntries({ holder: 'other', ...lease })
    expect(await pass('mine')).toBe('busy')
    clock.advance(60_000)
    expect(await pass('mine')).toBe('done')
    expect(taken).toEqual(['a'])
  })

  test(`a pass ${name} begins nothing after its time`, async () => {
    await openStore('entries').commit(sampleEvent('a'))
    expect(await pass('late', clock.monotonicMs())).toBe('out of time')
    expect(taken).toEqual([])
  })
}
