import { describe, expect, test } from 'bun:test'
import { LOGIN_BURST, SESSION_MS_MAX } from '../../src/limits/admin.ts'
import { HEALTH, openAdmin, TOKEN } from './admin/world.ts'

describe('without a token configured', () => {
  test('who reaches the port sees everything', async () => {
    const { ask } = openAdmin()

    expect((await ask('/readyz')).body).toEqual({ ...HEALTH })
    expect((await ask('/api/sources')).status).toBe(200)
    expect((await ask('/api/session')).body).toEqual({ needsToken: false, isOperator: true })
  })
})

describe('with a token configured', () => {
  test('strangers see only whether the gateway is well', async () => {
    const { ask } = openAdmin({ token: TOKEN })

    for (const authorization of ['', 'Bearer wrong', `Basic ${TOKEN}`, 'Bearer ', TOKEN]) {
      expect((await ask('/readyz', { authorization })).body).toEqual({ ready: true })
      const { status, headers, body } = await ask('/api/sources', { authorization })
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
      // A code of its own: the hint of a caller's token names another variable.
      expect(body).toMatchObject({ code: 'OPERATOR_REFUSED' })
    }
    expect((await ask('/healthz')).status).toBe(200)
    expect((await ask('/metrics')).status).toBe(401)
    expect((await ask('/api/session')).body).toEqual({ needsToken: true, isOperator: false })
  })

  test('and operators everything', async () => {
    const { ask } = openAdmin({ token: TOKEN })

    expect((await ask('/readyz', { authorization: `Bearer ${TOKEN}` })).body).toEqual({ ...HEALTH })
    expect((await ask('/api/sources', { authorization: `bearer ${TOKEN}` })).status).toBe(200)
  })

  test('wrong tokens of one address are limited, right ones never', async () => {
    const { ask, clock, wrong } = openAdmin({ token: TOKEN })
    const login = (token: string) => ask('/api/login', { method: 'POST', json: { token } })
    const bearer = (token: string, peer?: string) =>
      ask('/api/sources', { authorization: `Bearer ${token}`, ...(peer ? { peer } : {}) })

    for (let i = 0; i < 2 * LOGIN_BURST; i += 1) expect((await bearer(TOKEN)).status).toBe(200)
    const guesses = Array.from({ length: LOGIN_BURST }, (_, i) => `guess-${i}`)
    for (const [i, guess] of guesses.entries()) {
      expect((await (i % 2 === 0 ? login(guess) : bearer(guess))).status).toBe(401)
    }
    const limited = await login(TOKEN)
    expect(limited.status).toBe(429)
    expect(limited.headers.get('retry-after')).toBe('10')
    expect((await bearer(TOKEN)).status).toBe(429)
    expect((await ask('/api/session')).status).toBe(200)
    expect((await bearer(TOKEN, '192.0.2.1')).status).toBe(200)
    // Neither the right ones nor those that are not looked at.
    expect(wrong).toEqual(guesses.map(() => '127.0.0.1'))

    clock.advance(10_000)
    expect((await login(TOKEN)).status).toBe(200)
  })

  test('a browser logs in once, for a working day, and out', async () => {
    const { ask, clock } = openAdmin({ token: TOKEN })
    async function login() {
      const { headers } = await ask('/api/login', { method: 'POST', json: { token: TOKEN } })
      const cookie = headers.get('set-cookie') ?? ''
      expect(cookie).toMatch(/^inlet=\w{32}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/)
      return { headers: { cookie: cookie.split(';')[0] ?? '' } }
    }
    const first = await login()
    const second = await login()
    const statuses = async () => [
      (await ask('/api/sources', first)).status,
      (await ask('/api/sources', second)).status,
    ]

    expect(await statuses()).toEqual([200, 200])
    const { headers } = await ask('/api/logout', { method: 'POST', ...first })
    expect(headers.get('set-cookie')).toContain('Max-Age=0')
    expect(await statuses()).toEqual([401, 200])
    clock.advance(SESSION_MS_MAX)
    expect(await statuses()).toEqual([401, 401])
  })

  test('a cookie of our name that somebody else set neither lets in nor locks out', async () => {
    const { ask } = openAdmin({ token: TOKEN })
    const login = await ask('/api/login', {
      method: 'POST',
      json: { token: TOKEN },
      headers: { cookie: 'inlet=chosen-by-another' },
    })
    const [own = ''] = (login.headers.get('set-cookie') ?? '').split(';')
    const statusOf = async (cookie: string) =>
      (await ask('/api/sources', { headers: { cookie } })).status

    expect(own).not.toContain('chosen')
    expect(await statusOf('inlet=chosen-by-another')).toBe(401)
    expect(await statusOf(`inlet=chosen-by-another; ${own}`)).toBe(200)
    expect(await statusOf(`__Host-inlet=x; ${own}; inlet=y`)).toBe(200)
    expect(await statusOf(`${'inlet=x; '.repeat(100)}${own}`)).toBe(401)
  })

  test('over TLS the cookie is for this host alone', async () => {
    const { ask } = openAdmin({ token: TOKEN })
    const { headers } = await ask('/api/login', {
      method: 'POST',
      json: { token: TOKEN },
      headers: { origin: 'https://127.0.0.1:8081' },
    })
    const cookie = headers.get('set-cookie') ?? ''

    expect(cookie).toMatch(/^__Host-inlet=\w{32}; Secure; Path=\/;/)
    expect((await ask('/api/sources', { headers: { cookie } })).status).toBe(200)
  })
})
