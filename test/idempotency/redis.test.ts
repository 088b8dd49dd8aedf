import { expect, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import { openRedisHint } from '../../src/idempotency/redis.ts'
import { silentLog } from '../../src/log.ts'
import { describeHint } from '../conformance/idempotency.ts'
import { describeWithRedis } from '../support/servers.ts'
import { openTcpGate } from '../support/tcp-gate.ts'

const OPTIONS = { node: 'a', epoch: 'e1', doneTtlMs: 60_000, clock: systemClock, log: silentLog }

describeWithRedis('the hint on Redis over TCP', (redisUrl) => {
  describeHint({ runtime: 'Bun', adapter: 'Redis over TCP' }, redisUrl, async () => {
    const gate = await openTcpGate(addressOf(redisUrl))
    return {
      gate,
      open: (options) => openRedisHint(gateUrl(redisUrl, gate.port), options),
      [Symbol.asyncDispose]: () => gate[Symbol.asyncDispose](),
    }
  })

  test('a hint opens without Redis, and leaves no connection behind when it is closed', async () => {
    await using gate = await openTcpGate(addressOf(redisUrl))
    gate.shut()
    const hint = await openRedisHint(gateUrl(redisUrl, gate.port), OPTIONS)
    expect(await hint.claim('absent', 'evt_1')).toEqual({ kind: 'skipped', reason: 'failed' })
    expect(hint.state()).toBe('down')
    gate.open()
    await hint.close()
    await gate.deserted()
  })

  test('a hint that nobody asks knows whether there is a connection', async () => {
    await using gate = await openTcpGate(addressOf(redisUrl))
    const hint = await openRedisHint(gateUrl(redisUrl, gate.port), OPTIONS)
    expect(hint.state()).toBe('up')
    gate.shut()
    while (hint.state() === 'up') await systemClock.sleep(1)
    expect(hint.counts().skipped).toBe(0)
    await hint.close()
  })

  test('close ends the connection to a Redis that hangs', async () => {
    await using gate = await openTcpGate(addressOf(redisUrl))
    const hint = await openRedisHint(gateUrl(redisUrl, gate.port), OPTIONS)
    gate.hold()
    expect(await hint.claim('hangs', 'evt_1')).toEqual({ kind: 'skipped', reason: 'timeout' })
    await hint.close()
    await gate.deserted()
  })
})

function addressOf(redisUrl: string): { host: string; port: number } {
  const { hostname, port } = new URL(redisUrl)
  return { host: hostname, port: Number(port || 6379) }
}

/** The same Redis, user and database, through the gate. */
function gateUrl(redisUrl: string, port: number): string {
  const url = new URL(redisUrl)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return url.href
}
