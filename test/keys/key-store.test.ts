import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { FindKeys, FoundKeys, KeyPlace } from '../../src/key-place.ts'
import { openKeyStore, type KeyStore } from '../../src/keys/key-store.ts'
import {
  KEY_EXPIRES_MS,
  KEY_LOOKUP_EVERY_MS,
  KEY_MISS_MS,
  KEY_REFRESH_MS,
  KEY_WAIT_MS_MAX,
  OUTBOUND_BYTES_MAX,
  OUTBOUND_MS_MAX,
} from '../../src/limits/limits.ts'
import { jwksPlace } from '../../src/providers/keys/jwks.ts'
import { startKeyServer, type KeyServer } from '../support/key-server.ts'
import { manualClock, type ManualClock } from '../support/manual-clock.ts'

let server: KeyServer
beforeAll(async () => {
  server = await startKeyServer()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

let clock: ManualClock
let store: KeyStore
let find: FindKeys
beforeEach(() => {
  clock = manualClock()
  store = openKeyStore({ clock, callOut: server.callOut(clock) })
  ;({ find } = store)
  server.asked.length = 0
})

const publicKeys = Object.fromEntries(
  ['a', 'b'].map((id) => [id, generateKeyPairSync('ed25519').publicKey]),
)

function publish(...ids: readonly string[]): void {
  const keys = ids.map((kid) => ({
    kid,
    use: 'sig',
    ...publicKeys[kid]?.export({ format: 'jwk' }),
  }))
  server.answer = () => Response.json({ keys })
}

const place = (path = '/jwks.json') => jwksPlace(`https://${server.host}${path}`, 'shop')

/** Looks, and where it must, waits for the fetch and looks again. */
async function look(keyId?: string, at: KeyPlace = place()): Promise<FoundKeys> {
  const found = find(at, keyId)
  if (found.kind !== 'key-needed') return found
  return (await found.fetch()) ?? find(at, keyId)
}

function keysOf(found: FoundKeys): readonly KeyObject[] {
  if (found.kind !== 'found') throw new Error(`not found: ${JSON.stringify(found)}`)
  return found.keys
}

const isUnavailable = (found: FoundKeys) =>
  found.kind === 'refused' && found.code === 'OUTBOUND_FAILED'

/** Waits for what runs in the background, which has no other sign of its end. */
async function settled(): Promise<void> {
  await store.close()
}

describe('a key', () => {
  test('is fetched once, and then found without waiting', async () => {
    publish('a')
    expect(keysOf(await look('a'))[0]?.equals(publicKeys['a'] as KeyObject)).toBe(true)
    expect(find(place(), 'a').kind).toBe('found')
    expect(server.asked).toEqual(['GET /jwks.json'])
  })

  test('is fetched by one request for all deliveries that wait for it', async () => {
    publish('a')
    const found = await Promise.all(Array.from({ length: 50 }, () => look('a')))
    expect(found.every(({ kind }) => kind === 'found')).toBe(true)
    expect(server.asked).toHaveLength(1)
  })

  test('is fetched again in the background, while the old set is still used', async () => {
    publish('a')
    await look('a')
    clock.advance(KEY_REFRESH_MS + 1)
    publish('b')
    expect(find(place(), 'a').kind).toBe('found')
    expect(find(place(), 'a').kind).toBe('found')
    await settled()
    expect(server.asked).toHaveLength(2)
    // The provider took it back.
    expect(find(place(), 'a').kind).toBe('unknown')
    expect(find(place(), 'b').kind).toBe('found')
  })

  test('stays in use while its server is away, until it is too old', async () => {
    const failures: string[] = []
    store.onFailure((family, reason) => failures.push(`${family}: ${reason}`))
    publish('a')
    await look('a')
    server.answer = () => new Response(null, { status: 500 })
    clock.advance(KEY_EXPIRES_MS - 1)
    expect(find(place(), 'a').kind).toBe('found')
    await settled()
    // It is left alone for a while.
    expect(find(place(), 'a').kind).toBe('found')
    await settled()
    expect(server.asked).toHaveLength(2)
    // Nobody waited for it, and so nobody else would say so.
    expect(failures).toEqual(['shop: the answer holds no usable key'])
    clock.advance(KEY_MISS_MS)
    expect(isUnavailable(await look('a'))).toBe(true)
  })

  test('that ends by itself is no longer used, and fetched anew', async () => {
    publish('a')
    const { read, ...rest } = place()
    const ending: KeyPlace = {
      ...rest,
      read(answer, now) {
        const set = read(answer, now)
        return set && { ...set, validUntil: now + 60_000 }
      },
    }
    await look('a', ending)
    clock.advance(59_999)
    expect(find(ending, 'a').kind).toBe('found')
    clock.advance(1)
    expect(find(ending, 'a').kind).toBe('key-needed')
    expect((await look('a', ending)).kind).toBe('found')
  })

  test('that appears with a rotation is found at its first delivery', async () => {
    publish('a')
    await look('a')
    clock.advance(KEY_MISS_MS)
    publish('a', 'b')
    expect(keysOf(await look('b'))).toHaveLength(1)
    expect(keysOf(await look())).toHaveLength(2)
  })
})

describe('key ids that somebody made up', () => {
  test('cause one fetch of a known set in a window, and are unknown', async () => {
    publish('a')
    await look('a')
    clock.advance(KEY_MISS_MS)
    for (let forged = 0; forged < 1_000; forged += 1) {
      expect((await look(`forged-${forged}`)).kind).toBe('unknown')
      expect(find(place(), 'a').kind).toBe('found')
    }
    expect(server.asked).toHaveLength(2)
  })

  test('cause one look-up a second where each id has a place of its own', async () => {
    server.answer = () => new Response(null, { status: 500 })
    const fetched: FoundKeys[] = []
    for (let forged = 0; forged < 1_000; forged += 1) {
      fetched.push(await look(undefined, place(`/forged-${forged}`)))
    }
    // They may be genuine, as far as we know: the provider is to try again.
    expect(new Set(fetched.map(({ kind }) => kind))).toEqual(new Set(['refused']))
    expect(server.asked).toEqual(['GET /forged-0'])
    clock.advance(KEY_LOOKUP_EVERY_MS)
    await look(undefined, place('/forged-1000'))
    expect(server.asked).toHaveLength(2)
  })

  test('do not push out keys that are in use', async () => {
    publish('a')
    await look('a')
    server.answer = () => new Response(null, { status: 404 })
    for (let forged = 0; forged < 300; forged += 1) {
      clock.advance(KEY_LOOKUP_EVERY_MS)
      await look(undefined, place(`/forged-${forged}`))
    }
    expect(find(place(), 'a').kind).toBe('found')
  })
})

describe('a place that does not answer with keys', () => {
  test.each([
    ['an error', () => new Response(null, { status: 500 })],
    ['a redirect', () => Response.redirect('https://127.0.0.1/keys', 302)],
    ['no JSON', () => new Response('<html>')],
    ['no key set', () => Response.json({ keys: 'none' })],
    ['keys of other kinds only', () => Response.json({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] })],
    ['too much', () => new Response(new Uint8Array(OUTBOUND_BYTES_MAX + 1))],
  ])('%s: the delivery is to be sent again, and nothing is asked meanwhile', async (_, answer) => {
    server.answer = answer
    expect(isUnavailable(await look('a'))).toBe(true)
    expect(isUnavailable(await look('a'))).toBe(true)
    expect(server.asked).toHaveLength(1)
    clock.advance(KEY_MISS_MS)
    publish('a')
    expect((await look('a')).kind).toBe('found')
  })

  test('is not called where its host is not on the list, and uses up no look-up', async () => {
    publish('a')
    const elsewhere = { ...place(), call: { url: `https://${server.host}/`, hosts: ['keys.test'] } }
    expect((await look('a', { ...elsewhere, id: 'forged' })).kind).toBe('unknown')
    expect(server.asked).toEqual([])
    expect((await look('a')).kind).toBe('found')
  })

  test('holds up a delivery for a time, and its answer serves the next', async () => {
    const gate = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    publish('a')
    const answer = server.answer
    server.answer = async (request) => {
      reached.resolve()
      await gate.promise
      return answer(request)
    }
    const waiting = look('a')
    await reached.promise
    clock.advance(KEY_WAIT_MS_MAX)
    expect(isUnavailable(await waiting)).toBe(true)
    gate.resolve()
    await settled()
    expect(find(place(), 'a').kind).toBe('found')
    expect(KEY_WAIT_MS_MAX).toBeLessThan(OUTBOUND_MS_MAX)
  })
})
