import { describe, expect, test } from 'bun:test'
import { openDueRetries } from '../../db/retries.ts'
import { openInbox } from '../../db/inbox.ts'
import { openReader } from '../../db/open.ts'
import { openOutbox } from '../../db/outbox.ts'
import { on, RetryableError, z, type Handler, type Route } from '../../src/gateway.ts'
import { retryOnce, runRetries, type RetryPorts } from '../../src/ingest/retry.ts'
import { HANDLER_RETRY_POLL_MS } from '../../src/limits/limits.ts'
import { silentLog } from '../../src/log.ts'
import type { OutboxEntry } from '../../src/outbox.ts'
import type { Source } from '../../src/source.ts'
import { openDbWorld, settle, stateOf } from '../db/world.ts'
import { bytes, sampleEvent } from '../support/stored.ts'

const MINUTE_MS = 60_000

function sourceWith(route: Route): Source {
  return {
    name: 'github',
    provider: 'github',
    unsigned: false,
    neverRetries: false,
    methods: ['POST'],
    file: undefined,
    verify: () => ({ kind: 'refused', code: 'SIGNATURE_MISSING', detail: '' }),
    route: () => route,
  }
}

/** A database with one event whose first try has failed, and a handler that the test changes. */
async function openRetryWorld() {
  const db = await openDbWorld()
  const failed = { state: 'failed', reason: 'HANDLER_FAILED: not yet', records: [] } as const
  const retryAt = db.clock.now() + 5_000
  await db.writer.commit(sampleEvent('e1', { ...failed, retryAt, body: bytes('{"n":1}') }))
  const world = {
    tries: 0,
    handle: (() => null) as Handler<unknown>,
    isConfigured: true,
  }
  const route = on(z.object({ n: z.int() }), (event) => {
    world.tries += 1
    return world.handle(event)
  })
  const ports: RetryPorts = {
    clock: db.clock,
    log: silentLog,
    handlerMsMax: 800,
    source: () => (world.isConfigured ? sourceWith(route) : undefined),
    parse: (_source, body) => ({ kind: 'json', value: JSON.parse(new TextDecoder().decode(body)) }),
    due(query) {
      using reader = openReader(db.path)
      return openDueRetries(reader).due(query)
    },
    anyWaits() {
      using reader = openReader(db.path)
      return openDueRetries(reader).anyWaits()
    },
    onCommit: (listener) => db.writer.onSynced(listener),
    start: (starts) => db.writer.startRetries(starts),
    finish: (finish) => db.writer.finishRetry(finish),
  }
  return {
    world,
    db,
    ports,
    /** Lets a minute pass, longer than any pause, and tries what is due. */
    async tryAgain() {
      db.clock.advance(MINUTE_MS)
      return retryOnce(ports)
    },
    event: () => openInbox(db.database).bySeq(1),
    entries: (): readonly OutboxEntry[] =>
      openOutbox(db.database).pending({ after: 0, upTo: 99, entriesMax: 99, bytesMax: 1e6 }),
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  }
}

function notYet(): never {
  throw new RetryableError('not yet')
}

describe('a handler that asked for another try', () => {
  test('is given the stored event, and its records say that they are late', async () => {
    await using at = await openRetryWorld()
    at.world.handle = ({ id, type, data, receivedAt }) => [
      { topic: 'late', value: { id, type, data: data as { n: number }, receivedAt } },
      { topic: 'unchanged', headers: { own: 'yes' } },
    ]
    expect(await at.tryAgain()).toBe(1)

    expect(at.event()).toMatchObject({ state: 'accepted', reason: null, attempts: 2 })
    const [late, unchanged] = at.entries()
    const receivedAt = Date.UTC(2026, 0, 1)
    const value = JSON.parse(new TextDecoder().decode(late?.value)) as unknown
    expect(value).toEqual({ id: 'e1', type: 'push', data: { n: 1 }, receivedAt })
    expect(JSON.parse(late?.headers ?? '')).toMatchObject({ 'inlet-attempt': '2' })
    expect(JSON.parse(unchanged?.headers ?? '')).toEqual({ own: 'yes', 'inlet-attempt': '2' })
    expect(unchanged?.value).toEqual(bytes('{"n":1}'))
    expect(await at.tryAgain()).toBe(0)
  })

  test('is not tried before its time', async () => {
    await using at = await openRetryWorld()
    at.db.clock.advance(4_999)
    expect(await retryOnce(at.ports)).toBe(0)
  })

  test('is tried five times in all, and stays failed with its last reason', async () => {
    await using at = await openRetryWorld()
    at.world.handle = notYet
    for (let more = 0; more < 10; more += 1) await at.tryAgain()

    expect(at.world.tries).toBe(4)
    expect(at.event()).toMatchObject({
      state: 'failed',
      reason: 'HANDLER_FAILED: not yet',
      attempts: 5,
      nextTryAt: null,
    })
  })

  test('is not tried again after an error that does not say so', async () => {
    await using at = await openRetryWorld()
    at.world.handle = () => {
      throw new Error('a bug')
    }
    for (let more = 0; more < 3; more += 1) await at.tryAgain()

    expect(at.world.tries).toBe(1)
    expect(at.event()).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('HANDLER_FAILED: a bug'),
    })
  })

  test('goes on after a restart, where it was', async () => {
    await using at = await openRetryWorld()
    at.world.handle = notYet
    await at.tryAgain()
    await at.db.restart()
    await at.tryAgain()

    expect(at.event()).toMatchObject({ attempts: 3 })
  })

  test('is given up where each try ends the process', async () => {
    await using at = await openRetryWorld()
    const crashing: RetryPorts = { ...at.ports, finish: () => Promise.reject(new Error('gone')) }
    for (let life = 0; life < 4; life += 1) {
      at.db.clock.advance(MINUTE_MS)
      await retryOnce(crashing).catch(() => undefined)
      await at.db.restart()
    }
    at.world.handle = () => ({ topic: 'never' })
    await at.tryAgain()

    expect(at.world.tries).toBe(4)
    expect(at.event()).toMatchObject({ state: 'failed', attempts: 5, nextTryAt: null })
    expect(at.entries()).toEqual([])
  })

  test('whose bytes are gone is given up, and keeps no other from its try', async () => {
    await using at = await openRetryWorld()
    const retryAt = at.db.clock.now() + 5_000
    const failed = { state: 'failed', reason: 'HANDLER_FAILED: not yet', records: [] } as const
    await at.db.writer.commit(sampleEvent('e2', { ...failed, retryAt, body: bytes('{"n":2}') }))
    at.db.database.client.run('DELETE FROM chunks WHERE seq = 1')
    await at.tryAgain()

    expect(at.world.tries).toBe(1)
    expect(openInbox(at.db.database).rows([1, 2])).toMatchObject([
      { state: 'failed', attempts: 1, nextTryAt: null, reason: expect.stringContaining('chunk 1') },
      { state: 'ignored' },
    ])
  })

  test('is waited for, also where the end of another cannot be stored', async () => {
    await using at = await openRetryWorld()
    const failed = { state: 'failed', reason: 'HANDLER_FAILED: not yet', records: [] } as const
    const retryAt = at.db.clock.now() + 5_000
    await at.db.writer.commit(sampleEvent('e2', { ...failed, retryAt, body: bytes('{"n":2}') }))
    const held = Promise.withResolvers<null>()
    at.world.handle = ({ id }) => (id === 'e2' ? held.promise : null)
    at.db.clock.advance(MINUTE_MS)
    const trying = retryOnce({
      ...at.ports,
      finish: (end) =>
        end.seq === 1 ? Promise.reject(new Error('the disk is full')) : at.ports.finish(end),
    })
    while (at.world.tries < 2) await settle()
    await settle()
    expect(await stateOf(trying)).toBe('pending')

    held.resolve(null)
    await expect(trying).rejects.toThrow('the disk is full')
    expect(openInbox(at.db.database).bySeq(2)?.state).toBe('ignored')
  })

  test('waits for a source that is not configured now, and says so', async () => {
    await using at = await openRetryWorld()
    at.world.isConfigured = false
    await at.tryAgain()
    expect(at.event()?.reason).toStartWith('SOURCE_UNKNOWN: ')
    at.world.isConfigured = true
    await at.tryAgain()

    expect(at.event()?.state).toBe('ignored')
  })

  test('is invalid where the schema of today does not take it', async () => {
    await using at = await openRetryWorld()
    const strict = sourceWith(on(z.object({ m: z.int() }), () => null))
    at.db.clock.advance(MINUTE_MS)
    await retryOnce({ ...at.ports, source: () => strict })

    expect(at.event()).toMatchObject({ state: 'invalid', nextTryAt: null })
  })
})

describe('the task', () => {
  test('tries a great many that are due at once in groups, each of them once', async () => {
    await using at = await openRetryWorld()
    at.world.handle = notYet
    const failed = { state: 'failed', reason: '', records: [] } as const
    const retryAt = at.db.clock.now()
    for (let n = 2; n <= 40; n += 1) {
      await at.db.writer.commit(
        sampleEvent(`e${n}`, { ...failed, retryAt, body: bytes('{"n":1}') }),
      )
    }
    at.db.clock.advance(MINUTE_MS)
    const stop = new AbortController()
    const running = runRetries(at.ports, stop.signal)
    while (at.db.clock.sleepers === 0) await new Promise((resolve) => setImmediate(resolve))
    stop.abort()
    await running

    expect(at.world.tries).toBe(40)
  })

  test('goes on after the disk was full', async () => {
    await using at = await openRetryWorld()
    at.db.clock.advance(MINUTE_MS)
    let isFull = true
    const stop = new AbortController()
    const ports: RetryPorts = {
      ...at.ports,
      start: (starts) => (isFull ? Promise.reject(new Error('full')) : at.ports.start(starts)),
    }
    const running = runRetries(ports, stop.signal)
    const asleep = async () => {
      while (at.db.clock.sleepers === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await asleep()
    isFull = false
    at.db.clock.advance(HANDLER_RETRY_POLL_MS)
    await asleep()
    stop.abort()
    await running

    expect(at.event()?.state).toBe('ignored')
  })

  test('does not look where nothing waits, until something is committed', async () => {
    await using at = await openRetryWorld()
    const { db, world } = at
    db.clock.advance(MINUTE_MS)
    let looks = 0
    const due: RetryPorts['due'] = (query) => {
      looks += 1
      return at.ports.due(query)
    }
    const stop = new AbortController()
    const running = runRetries({ ...at.ports, due }, stop.signal)
    const asleep = async () => {
      while (db.clock.sleepers === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await asleep()
    db.clock.advance(4 * HANDLER_RETRY_POLL_MS)
    await asleep()
    expect([world.tries, looks]).toEqual([1, 1])

    const failed = { state: 'failed', reason: 'HANDLER_FAILED: not yet', records: [] } as const
    const retryAt = db.clock.now()
    await db.writer.commit(sampleEvent('e2', { ...failed, retryAt, body: bytes('{"n":2}') }))
    await asleep()
    db.clock.advance(HANDLER_RETRY_POLL_MS)
    while (world.tries < 2) await new Promise((resolve) => setImmediate(resolve))
    stop.abort()
    await running
  })
})
