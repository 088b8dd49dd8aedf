import { describe, expect, test } from 'bun:test'
import { on, RetryableError, z, type Route } from '../../src/gateway.ts'
import type { HandlerWatch } from '../../src/handler-watch.ts'
import { handle } from '../../src/ingest/handle.ts'
import { HANDLER_BLOCKS_MAX } from '../../src/limits/watchdog.ts'
import type { Source } from '../../src/source.ts'
import type { Verified } from '../../src/delivery.ts'
import { manualClock } from '../support/manual-clock.ts'
import { handlerWatch } from '../support/handler-watch.ts'
import { openSuspectTurns } from '../../src/watchdog/suspect-turns.ts'
import { sampleDelivery, sampleVerified } from '../support/verified.ts'

const clock = manualClock()
const ports = { clock, handlerMsMax: 800 }
const anything = z.unknown()
/** Awaitable, and no Promise: what a library of the user's own may return. */
// oxlint-disable-next-line unicorn/no-thenable -- that such a thing is awaited is what is tested
const neverSettles = { then() {} }

function sourceWith(route: Route | undefined): Source {
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

function run(route: Route | undefined, verified: Verified = sampleVerified({ n: 1 })) {
  return handle(verified, sampleDelivery('{"n":1}'), sourceWith(route), ports)
}

describe('handle', () => {
  test('without a handler the bytes pass unchanged, keyed by the provider', async () => {
    expect(await run({ topic: 't' })).toEqual({
      state: 'accepted',
      reason: null,
      records: [{ topic: 't', key: 'repository-1', headers: null, value: null }],
    })
  })

  test('the key is the event id where the provider has none', async () => {
    const handled = await run({ topic: 't' }, sampleVerified({}, { key: undefined }))

    expect(handled.records[0]?.key).toBe('event-1')
  })

  test('an event that no route takes is ignored', async () => {
    expect(await run(undefined)).toEqual({
      state: 'ignored',
      reason: 'no route takes this type',
      records: [],
    })
  })

  test('null and an empty list publish nothing', async () => {
    expect((await run(on(anything, () => null))).state).toBe('ignored')
    expect(await run(on(anything, () => []))).toEqual({
      state: 'ignored',
      reason: 'its handler publishes nothing',
      records: [],
    })
  })

  test('the handler is given what the schema returned', async () => {
    const doubled = z.object({ n: z.int().transform((n) => n * 2) })
    const handled = await run(on(doubled, ({ data }) => ({ topic: 't', key: data.n, value: data })))

    expect(handled.records).toEqual([
      {
        topic: 't',
        key: '2',
        headers: '{"content-type":"application/json"}',
        value: new TextEncoder().encode('{"n":2}'),
      },
    ])
  })

  test('data that does not match is invalid, and the reason holds none of it', async () => {
    const strict = z.object({ n: z.string(), m: z.object({ deep: z.int() }) })
    const handled = await run(
      on(strict, () => null),
      sampleVerified({ n: 987_654, m: {} }),
    )

    expect(handled).toMatchObject({ state: 'invalid', records: [] })
    expect(handled.reason).toStartWith('SCHEMA_MISMATCH: n: ')
    expect(handled.reason).toContain('m.deep: ')
    expect(handled.reason).not.toContain('987654')
  })

  test('a body that is no JSON is invalid whatever the route', async () => {
    const broken = sampleVerified({}, { parsed: { kind: 'not-json', reason: 'it ends too early' } })

    expect(await run({ topic: 't' }, broken)).toEqual({
      state: 'invalid',
      reason: 'BODY_NOT_JSON: it ends too early',
      records: [],
    })
  })

  test('a handler that throws fails the event, at once or later', async () => {
    const thrown = on(anything, () => {
      throw new Error('no such\n customer')
    })
    const rejected = on(anything, () => Promise.reject(new Error('later')))

    expect(await run(thrown)).toEqual({
      state: 'failed',
      reason: expect.stringMatching(
        /^HANDLER_FAILED: no such customer \(handle\.test\.ts:\d+:\d+\)$/,
      ),
      records: [],
    })
    expect((await run(rejected)).reason).toStartWith('HANDLER_FAILED: later (handle.test.ts:')
  })

  test('only an error that says so is tried again, later each time, five times in all', async () => {
    const notYet = on(anything, () => Promise.reject(new RetryableError('not yet')))
    const attempts = [1, 2, 3, 4, 5]
    const waits = await Promise.all(
      attempts.map(async (attempt) => {
        const tried = handle(sampleVerified({}), sampleDelivery('{}'), sourceWith(notYet), {
          ...ports,
          attempt,
        })
        const { retryAt } = await tried
        return retryAt === undefined ? 'never' : retryAt - clock.now()
      }),
    )

    for (const [index, wait] of waits.slice(0, 4).entries()) {
      expect(wait).toBeGreaterThanOrEqual(2_500 * 2 ** index)
      expect(wait).toBeLessThanOrEqual(5_000 * 2 ** index)
    }
    expect(waits[4]).toBe('never')
    const broken = on(anything, () => Promise.reject(new Error('a bug')))
    expect((await run(broken)).retryAt).toBeUndefined()
  })

  test('user code is watched while it runs, and not before or after', async () => {
    const seen: string[] = []
    const watchdog: HandlerWatch = {
      ...handlerWatch(),
      enter: ({ source, type, eventId }) => seen.push(`enters ${source} ${type} ${eventId}`),
      leave: () => void seen.push('leaves'),
    }
    const schema = z.unknown().transform(() => seen.push('parses'))
    const handler = on(schema, () => {
      seen.push('handles')
      throw new Error('no')
    })
    await handle(sampleVerified({}), sampleDelivery('{}'), sourceWith(handler), {
      ...ports,
      watchdog,
    })

    const entered = 'enters github push event-1'
    expect(seen).toEqual([entered, 'parses', 'leaves', entered, 'handles', 'leaves'])
  })

  test('what ended processes is run until it is given up, and then it fails the event', async () => {
    let runs = 0
    const handler = on(anything, () => {
      runs += 1
      return null
    })
    const key = { topic: 't', key: () => String((runs += 1)) }
    const tried = (route: Route, ends: number) =>
      handle(sampleVerified({}), sampleDelivery('{}'), sourceWith(route), {
        ...ports,
        watchdog: handlerWatch({ 'github event-1': ends }),
      })
    await tried(handler, HANDLER_BLOCKS_MAX - 1)
    expect(runs).toBe(1)

    const failed = {
      state: 'failed',
      reason: 'HANDLER_BLOCKED: the process ended 3 times while it ran',
    }
    expect(await tried(handler, HANDLER_BLOCKS_MAX)).toMatchObject(failed)
    expect(await tried(key, HANDLER_BLOCKS_MAX)).toMatchObject(failed)
    expect(runs).toBe(1)
    expect(await tried({ topic: 't' }, HANDLER_BLOCKS_MAX)).toMatchObject({ state: 'accepted' })
  })

  test('a suspect whose turn does not come in time is tried again later', async () => {
    const gate = Promise.withResolvers<null>()
    const watchdog = handlerWatch({ 'github event-1': 1 }, openSuspectTurns())
    const tried = (route: Route) =>
      handle(sampleVerified({}), sampleDelivery('{}'), sourceWith(route), { ...ports, watchdog })
    const first = tried(on(anything, () => gate.promise))
    const second = tried({ topic: 't', key: () => 'k' })
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
    clock.advance(800)

    const reason = expect.stringMatching(/^HANDLER_HELD: /)
    expect(await second).toMatchObject({ state: 'failed', reason })
    expect((await second).retryAt).toBeGreaterThan(clock.now())
    expect(await first).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/^HANDLER_TIMEOUT/),
    })
    gate.resolve(null)
  })

  test('a handler that takes too long fails the event', async () => {
    const never = on(anything, () => new Promise<null>(() => undefined))
    const running = run(never)
    while (clock.sleepers === 0) await Promise.resolve()
    clock.advance(800)

    expect((await running).reason).toBe('HANDLER_TIMEOUT: no result within 800 ms')
  })

  test.each([
    ['a thenable of its own', on(anything, () => neverSettles as never)],
    [
      'a schema that waits',
      on(
        anything.refine(() => new Promise(() => undefined)),
        () => null,
      ),
    ],
  ])('the limit holds for %s, too', async (_, never) => {
    const running = run(never)
    while (clock.sleepers === 0) await Promise.resolve()
    clock.advance(800)

    expect((await running).reason).toBe('HANDLER_TIMEOUT: no result within 800 ms')
  })

  test('a schema that waits a little is waited for', async () => {
    const slow = z.object({ n: z.int().refine(() => Promise.resolve(true)) })

    expect((await run(on(slow, () => ({ topic: 't' })))).state).toBe('accepted')
  })

  test('what cannot be printed can be thrown', async () => {
    const thrown = on(anything, () => {
      throw Object.create(null)
    })

    expect((await run(thrown)).reason).toContain('cannot be printed')

    const { proxy, revoke } = Proxy.revocable(new Error('mine'), {})
    revoke()
    const refusing = on(anything, () => {
      throw proxy
    })
    expect((await run(refusing)).reason).toContain('cannot be printed')
  })

  test('a handler that answers in time leaves no timer behind', async () => {
    const handled = await run(on(anything, () => Promise.resolve({ topic: 't' })))

    expect(handled.state).toBe('accepted')
    expect(clock.sleepers).toBe(0)
  })

  test.each([
    ['no topic', { key: 'k' }],
    ['a topic that Kafka refuses', { topic: 'a b' }],
    ['a key that is an object', { topic: 't', key: {} }],
    ['a key that is no whole number', { topic: 't', key: 0.5 }],
    ['a header that is no string', { topic: 't', headers: { n: 1 } }],
    ['a header of ours', { topic: 't', headers: { CE_ID: 'forged' } }],
    ['a value that JSON cannot carry', { topic: 't', value: 1n }],
    ['a value larger than a broker reads', { topic: 't', value: 'x'.repeat(17 * 1024 * 1024) }],
    ['nothing at all', undefined],
  ])('a result with %s fails the event', async (_, result) => {
    // What JavaScript files can return whatever the types say.
    const handled = await run(on(anything, () => result as never))

    expect(handled.state).toBe('failed')
    expect(handled.reason).toStartWith('HANDLER_RESULT_INVALID: ')
  })

  test('a record that is larger than the storage takes fails the event', async () => {
    const made = (length: number) => on(anything, () => ({ topic: 't', value: bytes(length) }))
    const bytes = (length: number) => new Uint8Array(length)
    const take = (route: Route) =>
      handle(sampleVerified({}), sampleDelivery('{}'), sourceWith(route), {
        ...ports,
        recordLimits: { recordBytesMax: 1_000, recordsBytesMax: 2_000 },
      })

    expect((await take(made(900))).state).toBe('accepted')
    expect(await take(made(1_000))).toMatchObject({ state: 'failed', records: [] })
    expect((await run(made(1_000))).state).toBe('accepted')

    const several = (count: number) =>
      on(anything, () => Array.from({ length: count }, () => ({ topic: 't', value: bytes(900) })))
    expect((await take(several(2))).state).toBe('accepted')
    expect(await take(several(3))).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('all records together have more than 2000 bytes'),
    })
    expect((await run(several(3))).state).toBe('accepted')

    // Two bytes each.
    const long = 'é'.repeat(500)
    expect(await take({ topic: 't', key: () => long })).toMatchObject({ state: 'accepted' })
    expect(await take({ topic: 't', key: () => `${long}.` })).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('record 0 has 1001 bytes; at most 1000 are taken'),
    })
    const headed = on(anything, () => ({ topic: 't', key: '', headers: { a: long } }))
    expect((await take(headed)).state).toBe('failed')
  })

  test('bytes are published as they are, whatever the handler does to its buffer later', async () => {
    const buffer = new Uint8Array([1, 2, 3])
    const handled = await run(on(anything, () => ({ topic: 't', value: buffer })))
    buffer.fill(0)

    expect(handled.records[0]?.value).toEqual(new Uint8Array([1, 2, 3]))
  })
})
