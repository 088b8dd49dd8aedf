import { beforeAll, afterAll, expect, test } from 'bun:test'
import { Redis } from '@upstash/redis'
import { systemClock } from '../../src/clock.ts'
import { openUpstashHint } from '../../src/idempotency/upstash.ts'
import { randomToken } from '../../src/ids.ts'
import { HINT_FAILURES_MAX } from '../../src/limits/limits.ts'
import type { LogFields } from '../../src/log.ts'
import { silentLog } from '../../src/log.ts'
import { describeHint, mineOf } from '../conformance/idempotency.ts'
import { describeWithRedis } from '../support/servers.ts'
import { openTcpGate } from '../support/tcp-gate.ts'
import { startUpstashFacade, type UpstashFacade } from '../support/upstash-facade.ts'

const OPTIONS = { node: 'a', epoch: 'e1', doneTtlMs: 60_000, clock: systemClock, log: silentLog }

describeWithRedis('the hint on Upstash', (redisUrl) => {
  describeHint({ runtime: 'Bun', adapter: 'Upstash over HTTP' }, redisUrl, async () => {
    const facade = await startUpstashFacade(redisUrl)
    const gate = await openTcpGate({ host: '127.0.0.1', port: facade.port })
    const account = { url: `http://127.0.0.1:${gate.port}`, token: facade.token }
    return {
      gate,
      open: (options) => Promise.resolve(openUpstashHint(account, options)),
      async [Symbol.asyncDispose]() {
        await gate[Symbol.asyncDispose]()
        await facade[Symbol.asyncDispose]()
      },
    }
  })

  let facade: UpstashFacade
  let account: { url: string; token: string }
  beforeAll(async () => {
    facade = await startUpstashFacade(redisUrl)
    account = { url: `http://127.0.0.1:${facade.port}`, token: facade.token }
  })
  afterAll(() => facade[Symbol.asyncDispose]())

  test('a command that was executed twice on its way is still ours', async () => {
    facade.fault = 'twice'
    const hint = openUpstashHint(account, OPTIONS)
    const claim = mineOf(await hint.claim('twice', randomToken()))
    facade.fault = 'none'
    await hint.release(claim)
    await hint.close()
  })

  test('a service that answers 503 is asked once a claim, then not at all for a while', async () => {
    facade.fault = 'unavailable'
    const before = facade.requests
    const hint = openUpstashHint(account, OPTIONS)
    for (let n = 0; n < HINT_FAILURES_MAX + 3; n += 1) await hint.claim('busy', `evt_${n}`)
    expect(facade.requests - before).toBe(HINT_FAILURES_MAX)
    expect(hint.counts().skipped).toBe(HINT_FAILURES_MAX + 3)
    facade.fault = 'none'
    await hint.close()
  })

  test('a wrong token is named in the log, and never printed', async () => {
    const lines: (LogFields | undefined)[] = []
    const log = { ...silentLog, warn: (_: string, fields?: LogFields) => void lines.push(fields) }
    const hint = openUpstashHint({ ...account, token: 'wrong-token' }, { ...OPTIONS, log })
    for (let n = 0; n < HINT_FAILURES_MAX; n += 1) await hint.claim('locked', 'evt_1')
    expect(lines).toEqual([{ reason: 'WRONGPASS' }])
    await hint.close()
  })

  test('the facade takes pipelines and transactions of the real SDK', async () => {
    const sdk = new Redis({ ...account, enableTelemetry: false, automaticDeserialization: false })
    const key = `inlet:facade:${randomToken()}`
    const piped = sdk.pipeline().set(key, 'wörld', { px: 60_000 }).get(key).incr(key)
    expect(await piped.exec({ keepErrors: true })).toMatchObject([
      { result: 'OK' },
      { result: 'wörld' },
      { error: expect.stringContaining('not an integer') },
    ])
    expect(
      await sdk.multi().rpush(`${key}:list`, 'a', 'b').lrange(`${key}:list`, 0, -1).exec(),
    ).toEqual([2, ['a', 'b']])
    expect(await sdk.del(key, `${key}:list`)).toBe(2)
  })
})
