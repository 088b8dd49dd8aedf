import { expect, test } from 'bun:test'
import { guard } from '../../routes/guard.ts'
import { openOperators } from '../../routes/operator.ts'
import { openRate } from '../../src/door/rate.ts'
import { manualClock } from '../support/manual-clock.ts'
import { openAdmin, TOKEN } from './admin/world.ts'

test('without a token only loopback names are served: a page cannot rename itself to here', async () => {
  const { ask } = openAdmin()
  const statusOf = async (origin: string) => (await ask('/api/sources', { origin })).status

  for (const host of ['localhost:8081', '127.0.0.1', '127.8.0.1:80', '[::1]:8081']) {
    expect(await statusOf(`http://${host}`)).toBe(200)
  }
  for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:8081']) {
    expect(await statusOf(`http://${host}`)).toBe(421)
  }
})

test('a Host that is none is the fault of who sent it', async () => {
  const clock = manualClock()
  const guesses = openRate({ clock, perSecond: 1, burst: 1, keysMax: 1 })
  const operators = openOperators({ clock, token: undefined, guesses, onWrong: () => {} })
  const answer = guard(operators, () => new Response())

  for (const url of ['/api/sources', 'http://a b/api/sources', 'http://127.0.0.1@:1/api/sources']) {
    // As Bun hands it on; a Request cannot be made of it.
    const request = Object.defineProperty(new Request('http://x/'), 'url', { value: url })
    const { status, headers } = await answer(request, '127.0.0.1')
    expect([url, status, headers.get('x-content-type-options')]).toEqual([url, 400, 'nosniff'])
  }
})

test('with one, any name is served', async () => {
  const { ask } = openAdmin({ token: TOKEN })
  const authorization = `Bearer ${TOKEN}`

  const { status } = await ask('/api/sources', { origin: 'http://inlet.example', authorization })
  expect(status).toBe(200)
})

test('pages of other sites neither read the API nor change anything', async () => {
  const { ask } = openAdmin()
  const get = async (headers: Record<string, string>) =>
    (await ask('/api/sources', { headers })).status
  const post = async (headers: Record<string, string>) =>
    (await ask('/api/logout', { method: 'POST', headers })).status

  for (const site of ['cross-site', 'same-site']) {
    expect(await get({ 'sec-fetch-site': site })).toBe(403)
    expect(await post({ 'sec-fetch-site': site })).toBe(403)
  }
  expect(await get({ 'sec-fetch-site': 'none' })).toBe(200)
  expect(await post({ 'sec-fetch-site': 'none' })).toBe(403)
  for (const origin of ['http://evil.example', 'http://127.0.0.1:3000', 'null']) {
    expect(await get({ origin })).toBe(403)
    expect(await post({ origin })).toBe(403)
  }
})

test('a path that is written in another way is the same path', async () => {
  const { ask } = openAdmin({ token: TOKEN })
  const guarded = ['/%61pi/sources', '/a%70i/sources', '/api/%73ources', '/%6Detrics', '/metric%73']

  for (const path of guarded) {
    expect([path, (await ask(path)).status]).toEqual([path, 401])
    const { status } = await ask(path, { authorization: `Bearer ${TOKEN}` })
    expect([path, status]).toEqual([path, 200])
  }
  const headers = { 'sec-fetch-site': 'cross-site' }
  expect((await openAdmin().ask('/%61pi/sources', { headers })).status).toBe(403)
  for (const path of ['/%2561pi/sources', '/api%2Fsources', '//api/sources', '/API/sources']) {
    expect([path, (await ask(path)).status]).toEqual([path, 404])
  }
})

test('our own page and programs do', async () => {
  const { ask } = openAdmin()
  const post = async (headers: Record<string, string>) =>
    (await ask('/api/logout', { method: 'POST', headers })).status

  expect(await post({})).toBe(200)
  expect(await post({ origin: 'http://127.0.0.1:8081' })).toBe(200)
  // Behind a proxy that ends TLS and names us as it likes, the browser still knows.
  expect(await post({ 'sec-fetch-site': 'same-origin', origin: 'https://inlet.example' })).toBe(200)
})

test('a page of another site may lead a person to our pages', async () => {
  const { ask } = openAdmin()

  expect((await ask('/healthz', { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(200)
})

test('every answer forbids what a browser could make of it', async () => {
  const { ask } = openAdmin({ token: TOKEN })

  for (const path of ['/healthz', '/readyz', '/api/session', '/api/sources', '/nothing']) {
    const { headers } = await ask(path)
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.has('access-control-allow-origin')).toBe(false)
  }
})
