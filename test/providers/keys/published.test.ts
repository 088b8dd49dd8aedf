/** Rows whose keys are published, against a provider's https server: from the header to the key. */
import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { Delivery, Verifier } from '../../../src/delivery.ts'
import { verify } from '../../../src/ingest/verify.ts'
import { openKeyStore, type KeyStore } from '../../../src/keys/key-store.ts'
import { KEY_MISS_MS, KEY_REFRESH_MS } from '../../../src/limits/limits.ts'
import { systemClock } from '../../../src/clock.ts'
import type { Scheme } from '../../../src/providers/schemes.ts'
import { compileVerifier } from '../../../src/providers/verifier.ts'
import { issueRsa, makeAuthority } from '../../support/certificates.ts'
import { startKeyServer, type KeyServer } from '../../support/key-server.ts'
import { manualClock, type ManualClock } from '../../support/manual-clock.ts'
import { makeTempDir, type TempDir } from '../../support/temp.ts'
import { deliveryOf, outcomeOf, rowOf } from '../support.ts'

let server: KeyServer
let folder: TempDir
beforeAll(async () => {
  server = await startKeyServer()
  folder = await makeTempDir()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

let clock: ManualClock
let store: KeyStore
beforeEach(() => {
  clock = manualClock(systemClock.now())
  store = openKeyStore({ clock, callOut: server.callOut(clock) })
  server.asked.length = 0
})

function verifierOf(scheme: Scheme): Verifier {
  const row = { ...rowOf('github'), schemes: [scheme] }
  return compileVerifier(row, { secrets: [], findKeys: store.find, now: () => clock.now() })
}

/** Verifies as intake does: fetches what is needed, and verifies again. */
async function take(verifier: Verifier, delivery: Delivery): Promise<string> {
  return outcomeOf(await verify(delivery, { ...SOURCE, verify: verifier }))
}

const SOURCE = {
  name: 'test',
  provider: 'github',
  unsigned: false,
  neverRetries: false,
  methods: ['POST'],
  file: undefined,
  route: () => undefined,
} as const

const BODY = '{"a":"ä"}'

describe('a key set', () => {
  const scheme = (): Scheme => ({
    kind: 'ed25519',
    signatures: [{ at: 'header:x-signature', format: 'raw' }],
    encoding: 'hex',
    signed: '{body}',
    key: { from: 'jwks', url: `https://${server.host}/jwks.json` },
  })
  const [first, second] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')]
  const publish = (...keys: readonly KeyObject[]) => {
    const listed = keys.map((key) => key.export({ format: 'jwk' }))
    server.answer = () => Response.json({ keys: listed })
  }
  const signed = ({ privateKey }: typeof first) =>
    deliveryOf(BODY, { 'x-signature': sign(null, Buffer.from(BODY), privateKey).toString('hex') })

  test('is fetched with the first delivery, and renewed while deliveries go on', async () => {
    const verifier = verifierOf(scheme())
    publish(first.publicKey)
    expect(await take(verifier, signed(first))).toBe('verified')
    expect(outcomeOf(verifier(signed(first)))).toBe('verified')
    expect(server.asked).toHaveLength(1)

    // Both are published before the second is used, and then the first is withdrawn.
    publish(second.publicKey)
    clock.advance(KEY_REFRESH_MS + 1)
    expect(outcomeOf(verifier(signed(first)))).toBe('verified')
    await store.close()
    expect(outcomeOf(verifier(signed(second)))).toBe('verified')
    expect(outcomeOf(verifier(signed(first)))).toStartWith('SIGNATURE_MISMATCH')
    expect(server.asked).toHaveLength(2)
  })

  test('that cannot be had is no verdict on the delivery', async () => {
    const verifier = verifierOf(scheme())
    server.answer = () => new Response(null, { status: 503 })
    expect(await take(verifier, signed(first))).toBe('OUTBOUND_FAILED')
    clock.advance(KEY_MISS_MS)
    publish(first.publicKey)
    expect(await take(verifier, signed(first))).toBe('verified')
  })

  test('is not fetched for what has no signature', () => {
    expect(outcomeOf(verifierOf(scheme())(deliveryOf(BODY, {})))).toBe('SIGNATURE_MISSING')
    expect(server.asked).toEqual([])
  })
})

describe('a certificate', () => {
  const scheme = (): Scheme => ({
    kind: 'rsa',
    hash: 'sha256',
    signatures: [{ at: 'header:x-signature', format: 'raw' }],
    encoding: 'base64',
    signed: '{body}',
    key: {
      from: 'certificate',
      at: 'header:x-cert-url',
      hosts: [server.host],
      subject: /^keys\.example\.test$/,
    },
  })
  let privateKey: KeyObject
  beforeAll(() => {
    const authority = makeAuthority(folder.path, 'authority')
    const files = issueRsa(authority, folder.path, 'keys.example.test')
    const pem = readFileSync(files.cert, 'utf8')
    privateKey = createPrivateKey(readFileSync(files.key, 'utf8'))
    server.answer = ({ url }) =>
      url.endsWith('/cert.pem') ? new Response(pem) : new Response(null, { status: 404 })
  })
  const signed = (url: string) =>
    deliveryOf(BODY, {
      'x-cert-url': url,
      'x-signature': sign('sha256', Buffer.from(BODY), privateKey).toString('base64'),
    })

  test('is fetched from where the delivery says, if that is the provider’s', async () => {
    // Made a moment after the clock that was set by hand.
    clock.advance(60_000)
    const verifier = verifierOf(scheme())
    expect(await take(verifier, signed(`https://${server.host}/cert.pem`))).toBe('verified')
    expect(server.asked).toEqual(['GET /cert.pem'])
    const other = { ...signed(`https://${server.host}/cert.pem`), body: Buffer.from('other') }
    expect(await take(verifier, other)).toBe('SIGNATURE_MISMATCH')
  })

  test('elsewhere is never fetched', async () => {
    const verifier = verifierOf(scheme())
    for (const url of [
      `http://${server.host}/cert.pem`,
      `https://127.0.0.1:${server.host.split(':')[1]}/cert.pem`,
      `https://user@${server.host}/cert.pem`,
      'https://keys.example.test.evil.test/cert.pem',
      'file:///etc/passwd',
      'cert.pem',
      '',
    ]) {
      expect(await take(verifier, signed(url))).toBe('SIGNATURE_MISMATCH')
    }
    expect(server.asked).toEqual([])
  })

  test('that is not there proves nothing', async () => {
    const missing = signed(`https://${server.host}/missing.pem`)
    expect(await take(verifierOf(scheme()), missing)).toBe('SIGNATURE_MISMATCH')
  })
})
