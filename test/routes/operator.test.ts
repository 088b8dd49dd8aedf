import { expect, test } from 'bun:test'
import { healthRoutes, type Health } from '../../routes/health.ts'
import { operatorCheck } from '../../routes/operator.ts'
import { sourcesRoutes } from '../../routes/sources.ts'

const TOKEN = 'made-up-admin-token'
const health: Health = {
  ready: true,
  state: 'serving',
  door: { openRequests: 0, inflightBytes: 0, diskIsLow: false, diskFreeBytes: null },
  relay: {
    state: 'down',
    fault: { code: 'BROKER_UNAVAILABLE', detail: 'broker-1 is away' },
    pending: 3,
    oldestPendingMs: 10,
    retry: 0,
    retryTopics: [],
    blocked: 0,
    dead: 0,
  },
}

function adminPort(token: string | undefined) {
  const isOperator = operatorCheck(token)
  const app = healthRoutes(() => health, isOperator).route(
    '/',
    sourcesRoutes({ sources: () => new Map(), isOperator, pair: () => 'no' }),
  )
  return (path: string, authorization?: string) =>
    app.request(path, authorization === undefined ? {} : { headers: { authorization } })
}

test('without a token configured, who reaches the port sees everything', async () => {
  const get = adminPort(undefined)

  expect(await (await get('/readyz')).json()).toEqual(health)
  expect((await get('/sources')).status).toBe(200)
})

test('with one, strangers see only whether the gateway is well', async () => {
  const get = adminPort(TOKEN)

  for (const authorization of [undefined, 'Bearer wrong', `Basic ${TOKEN}`, 'Bearer ', TOKEN]) {
    expect(await (await get('/readyz', authorization)).json()).toEqual({ ready: true })
    expect((await get('/sources', authorization)).status).toBe(401)
  }
  expect((await get('/healthz')).status).toBe(200)
})

test('and operators everything', async () => {
  const get = adminPort(TOKEN)

  expect(await (await get('/readyz', `Bearer ${TOKEN}`)).json()).toEqual(health)
  expect((await get('/sources', `bearer ${TOKEN}`)).status).toBe(200)
})
