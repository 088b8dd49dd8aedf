import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import { clientCredentials, openTokens } from '../../src/kafka/tokens.ts'
import { manualClock } from '../support/manual-clock.ts'

describe('openTokens', () => {
  test('uses a token for four fifths of its life, and fetches one for all who ask', async () => {
    const clock = manualClock()
    let fetched = 0
    const token = openTokens(() => ({ value: `token-${(fetched += 1)}`, validMs: 100_000 }), clock)

    expect(await Promise.all([token(), token()])).toEqual(['token-1', 'token-1'])
    clock.advance(79_999)
    expect(await token()).toBe('token-1')
    clock.advance(1)
    expect(await token()).toBe('token-2')
  })

  test('keeps no token that ends soon', async () => {
    const clock = manualClock()
    let fetched = 0
    const token = openTokens(() => ({ value: `token-${(fetched += 1)}`, validMs: 30_000 }), clock)
    await token()
    clock.advance(9_999)
    expect(await token()).toBe('token-1')
    clock.advance(1)
    expect(await token()).toBe('token-2')
  })

  test('tries again after a failure', async () => {
    let fetched = 0
    const token = openTokens(() => {
      fetched += 1
      if (fetched === 1) throw new Error('away')
      return { value: 'token', validMs: 1_000 }
    }, manualClock())

    await expect(token()).rejects.toThrow('BROKER_UNAVAILABLE: no login token: away')
    expect(await token()).toBe('token')
  })

  test('does not wait for an endpoint that is silent, and takes the request back', async () => {
    const clock = manualClock()
    let aborted = false
    const token = openTokens((signal) => {
      signal.addEventListener('abort', () => (aborted = true))
      return new Promise(() => {})
    }, clock)
    const asking = token()
    clock.advance(10_000)

    await expect(asking).rejects.toThrow('no token within 10000 ms')
    expect(aborted).toBe(true)
  })
})

describe('clientCredentials', () => {
  const answers: readonly [string, () => Response, string][] = [
    [
      'a refusal',
      () =>
        Response.json({ error: 'invalid_client', error_description: 's3cret' }, { status: 401 }),
      'the token endpoint answers 401, invalid_client',
    ],
    ['no token', () => Response.json({}), 'the token endpoint answers without an access_token'],
    ['no JSON', () => new Response('<html>'), 'the token endpoint answers without an access_token'],
    ['too much', () => new Response('x'.repeat(100_000)), 'answers with too much'],
  ]
  test.each(answers)('names %s, and shows no secret', async (_name, answer, reason) => {
    await using endpoint = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer })
    const tokenUrl = String(endpoint.url)
    const asked = clientCredentials(
      { mechanism: 'oauthbearer', tokenUrl, clientId: 'a', clientSecret: 's3cret', scope: 'b' },
      new AbortController().signal,
    )

    const error = await asked.catch(String)
    expect(error).toContain(reason)
    expect(error).not.toContain('s3cret')
  })

  test('follows no redirect with its secret', async () => {
    let visited = false
    await using elsewhere = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch() {
        visited = true
        return Response.json({ access_token: 'a', expires_in: 1 })
      },
    })
    await using endpoint = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => Response.redirect(String(elsewhere.url), 307),
    })
    const sasl = {
      mechanism: 'oauthbearer',
      tokenUrl: String(endpoint.url),
      clientId: 'a',
      clientSecret: 'b',
      scope: undefined,
    } as const
    const token = openTokens((signal) => clientCredentials(sasl, signal), systemClock)

    await expect(token()).rejects.toThrow('BROKER_UNAVAILABLE')
    expect(visited).toBe(false)
  })
})
