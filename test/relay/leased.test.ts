import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { openNodeSqlite } from '../../db/portable/node-sqlite.ts'
import type { PortableStore } from '../../db/portable/portable-store.ts'
import { openPortableStore } from '../../db/portable/store.ts'
import { GatewayError, type FaultCode } from '../../src/faults/faults.ts'
import { RELAY_LEASE_MS } from '../../src/limits/edge.ts'
import { RELAY_BATCH_BYTES_MAX, RELAY_BATCH_ENTRIES_MAX } from '../../src/limits/limits.ts'
import { silentLog } from '../../src/log.ts'
import type { Landed, PublishRecord } from '../../src/record.ts'
import { openLeasedRelay } from '../../src/relay/leased-relay.ts'
import { openRelayTurns, type LeasedRelayPorts } from '../../src/relay/leased.ts'
import { manualClock, type ManualClock } from '../support/manual-clock.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { bytes } from '../support/stored.ts'

/** A send that fails, and what of it is refused. */
type Refuse = (records: readonly PublishRecord[]) => FaultCode | undefined

let folder: TempDir
let clock: ManualClock
let store: PortableStore
let close: () => void
/** Ids as they landed, and how often was sent. */
let landed: string[]
let refuse: Refuse

beforeEach(async () => {
  folder = await makeTempDir()
  clock = manualClock()
  landed = []
  refuse = () => undefined
  const onFatal = (error: GatewayError) => {
    throw error
  }
  const batches = openNodeSqlite({ directory: folder.path, now: clock.now(), onFatal })
  store = openPortableStore(batches, { clock, retentionMs: 86_400_000, handsOn: 'entries' })
  close = () => batches.close()
})
afterEach(async () => {
  close()
  await folder[Symbol.asyncDispose]()
  expect(clock.sleepers).toBe(0)
})

/** Everything lands in the order in which it is sent, or nothing does. */
function publish(records: readonly PublishRecord[]): Promise<readonly Landed[]> {
  const code = refuse(records)
  if (code !== undefined) return Promise.reject(new GatewayError(code, 'as the test wants it'))
  landed.push(...records.map(({ headers }) => headers['ce_id'] ?? ''))
  const topics = Map.groupBy(records.keys(), (at) => records[at]?.topic ?? '')
  return Promise.resolve(
    [...topics].map(([topic, positions]) => ({ topic, partition: 0, baseOffset: '0', positions })),
  )
}

function ports(further: Partial<LeasedRelayPorts> = {}): LeasedRelayPorts {
  return {
    outbox: store,
    publisher: { publish },
    clock,
    log: silentLog,
    holder: 'a',
    poisonPolicy: 'continue',
    onAnswer: () => undefined,
    ...further,
  }
}

async function commit(
  eventId: string,
  topic = 'orders',
  key = 'k',
  { headers = null, records = 1 }: { headers?: string | null; records?: number } = {},
): Promise<void> {
  await store.commit({
    source: 'test',
    eventId,
    eventIdValidMs: undefined,
    type: 'made',
    key,
    contentType: 'application/json',
    headers: null,
    receivedAt: clock.now(),
    state: 'accepted',
    reason: null,
    body: bytes('{}'),
    records: Array.from({ length: records }, () => ({ topic, key, headers, value: null })),
  })
}

const going = new AbortController().signal

/** Turns until there is nothing left that is due. */
async function relayAll(further: Partial<LeasedRelayPorts> = {}): Promise<void> {
  const takeTurn = openRelayTurns(ports(further))
  while ((await takeTurn(going)).kind === 'moved');
}

describe('a turn', () => {
  test('publishes what is next in order, marks it, and finds nothing after', async () => {
    for (const id of ['1', '2', '3']) await commit(id)

    expect(await openRelayTurns(ports())(going)).toMatchObject({ kind: 'moved' })
    expect(await openRelayTurns(ports())(going)).toEqual({
      kind: 'idle',
      retryTopics: [],
      dueMs: Infinity,
    })
    expect(landed).toEqual(['1', '2', '3'])
    expect(await store.lag()).toMatchObject({ pending: 0 })
  })

  test('leaves everything where it is while Kafka is away, and ends before its lease', async () => {
    await commit('1')
    refuse = () => 'BROKER_UNAVAILABLE'
    const turn = openRelayTurns(ports())(going)
    const startMs = clock.monotonicMs()
    while ((await settled(turn)) === undefined) clock.advance(1_000)

    expect(await turn).toMatchObject({ kind: 'over' })
    expect(clock.monotonicMs() - startMs).toBeLessThan(RELAY_LEASE_MS)
    expect(await store.lag()).toMatchObject({ pending: 1, retry: 0, blocked: 0 })
  })

  test('sets aside a topic that is refused, and sends it in order once it is there', async () => {
    refuse = (records) =>
      records.some(({ topic }) => topic === 'gone') ? 'TOPIC_REJECTED' : undefined
    await commit('1', 'gone')
    await commit('2')
    await relayAll()
    await commit('3', 'gone')
    await relayAll()
    expect(landed).toEqual(['2'])
    expect(await store.lag()).toMatchObject({ pending: 0, retry: 2 })

    refuse = () => undefined
    const { retryTopics, dueMs } = await openRelayTurns(ports())(going)
    expect(retryTopics).toEqual(['gone'])
    clock.advance(dueMs)
    await commit('4', 'gone')
    await relayAll()
    expect(landed).toEqual(['2', '1', '3', '4'])
    expect(await store.lag()).toMatchObject({ pending: 0, retry: 0 })
  })

  test('lets other topics go on while one that is back has a long queue', async () => {
    const sends: number[] = []
    refuse = (records) => {
      if (records.some(({ topic }) => topic === 'gone')) return 'TOPIC_REJECTED'
      return undefined
    }
    await commit('many', 'gone', 'k', { records: 6 * RELAY_BATCH_ENTRIES_MAX })
    await relayAll()
    clock.advance(60_000)

    refuse = (records) => void sends.push(records.length)
    const takeTurn = openRelayTurns(ports())
    for (const id of ['a', 'b']) {
      await commit(id)
      while (!landed.includes(id)) await takeTurn(going)
    }
    // The first turn is the straight path's, the second comes after four of the queue.
    expect(sends).toEqual([1, ...Array.from({ length: 4 }, () => RELAY_BATCH_ENTRIES_MAX), 1])
  })

  test('counts keys and headers against the size of a batch', async () => {
    const sends: number[] = []
    refuse = (records) => void sends.push(records.length)
    const headers = JSON.stringify({ a: 'x'.repeat(RELAY_BATCH_BYTES_MAX / 8) })
    for (const id of ['1', '2', '3']) await commit(id, 'orders', 'k', { headers })
    await relayAll()
    expect(sends).toEqual([2, 1])
    expect(landed).toEqual(['1', '2', '3'])
  })

  test('blocks a record that is refused, and its key with the policy block-key', async () => {
    refuse = (records) =>
      records.some(({ headers }) => headers['ce_id'] === '1') ? 'RECORD_REJECTED' : undefined
    const policy = { poisonPolicy: 'block-key' } as const
    await commit('1')
    await relayAll(policy)
    for (const [id, key] of [
      ['2', 'k'],
      ['3', 'other'],
    ]) {
      await commit(id ?? '', 'orders', key)
    }
    await relayAll(policy)

    expect(landed).toEqual(['3'])
    expect(await store.lag()).toMatchObject({ pending: 0, blocked: 2 })
  })

  test('is nobody’s while another relay has the lease, until that one is late', async () => {
    await commit('1')
    await store.claimEntries({ holder: 'b', leaseMs: RELAY_LEASE_MS, limit: 1, bytesMax: 1 })
    expect(await openRelayTurns(ports())(going)).toMatchObject({ kind: 'held' })
    expect(landed).toEqual([])

    clock.advance(RELAY_LEASE_MS + 1)
    await relayAll()
    expect(landed).toEqual(['1'])
  })

  test('whose lease is lost meanwhile marks nothing: the new holder sends it again', async () => {
    await commit('1')
    refuse = () => {
      clock.advance(RELAY_LEASE_MS + 1)
      return undefined
    }
    const late = openRelayTurns(ports({ outbox: overtaken() }))(going)
    expect(await late.catch((error: GatewayError) => error.code)).toBe('LEASE_LOST')

    refuse = () => undefined
    await relayAll({ holder: 'b' })
    expect(landed).toEqual(['1', '1'])
    expect(await store.lag()).toMatchObject({ pending: 0 })
  })

  /** Another relay takes the lease between the send and its mark. */
  function overtaken(): PortableStore {
    const claim = { holder: 'b', leaseMs: RELAY_LEASE_MS, limit: 1, bytesMax: 1 }
    return {
      ...store,
      mark: (holder, mark) => store.claimEntries(claim).then(() => store.mark(holder, mark)),
    }
  }
})

describe('a relay', () => {
  test('finds out whether Kafka is there, and publishes what wakes it', async () => {
    const stop = new AbortController()
    refuse = () => 'BROKER_UNAVAILABLE'
    const relay = openLeasedRelay(ports())
    const running = relay.run(stop.signal)
    while (relay.status().state === 'starting') await turnOfTheLoop()
    expect(relay.status()).toMatchObject({ state: 'down', fault: { code: 'BROKER_UNAVAILABLE' } })

    refuse = () => undefined
    await commit('1')
    relay.wake()
    while (landed.length === 0) await turnOfTheLoop()
    while ((await store.lag()).pending > 0) await turnOfTheLoop()
    expect(relay.status()).toMatchObject({ state: 'up' })
    stop.abort()
    await running
  })
})

async function settled(promise: Promise<unknown>): Promise<unknown> {
  return Promise.race([promise, turnOfTheLoop()])
}

function turnOfTheLoop(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)))
}
