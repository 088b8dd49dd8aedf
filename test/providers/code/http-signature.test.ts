/** Against the examples of RFC 9421, and an independent implementation. */
import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import { createSigner, httpbis, type Algorithm } from 'http-message-signatures'
import {
  isDigestOf,
  isSignedBy,
  readHttpSignatures,
  type HttpSignatureAlgorithm,
} from '../../../src/providers/code/http-signature.ts'

const SHA512 =
  'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLv' +
  'RwEmTHWXvJwew==:'
const BODY = new TextEncoder().encode('{"hello": "world"}')
const URL_OF_RFC = 'https://example.com/foo?param=Value&Pet=dog'

/** The request of the RFC's appendix B.2. */
function request(headers: Readonly<Record<string, string>>, url = URL_OF_RFC) {
  const fixed = {
    date: 'Tue, 20 Apr 2021 02:07:55 GMT',
    'content-type': 'application/json',
    'content-digest': SHA512,
    'content-length': '18',
  }
  return { method: 'POST', url: new URL(url), headers: new Headers({ ...fixed, ...headers }) }
}

const PUBLIC_KEY = createPublicKey({
  key: Buffer.from('MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=', 'base64'),
  format: 'der',
  type: 'spki',
})
const SHARED_SECRET = createSecretKey(
  Buffer.from(
    'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
    'base64',
  ),
)
const B26 = {
  'signature-input':
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")' +
    ';created=1618884473;keyid="test-key-ed25519"',
  signature:
    'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lI' +
    'p5WPpBKRCw==:',
}
const B25 = {
  'signature-input':
    'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
  signature: 'sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:',
}

describe('the examples of RFC 9421', () => {
  test('B.2.6: ed25519', () => {
    const [signature] = readHttpSignatures(request(B26)) ?? []
    if (signature === undefined) throw new Error('not read')
    expect(isSignedBy(signature, PUBLIC_KEY, 'ed25519')).toBe(true)
    expect(signature).toMatchObject({ keyId: 'test-key-ed25519', created: 1_618_884_473 })
  })

  test('B.2.5: hmac-sha256', () => {
    const [signature] = readHttpSignatures(request(B25)) ?? []
    if (signature === undefined) throw new Error('not read')
    expect(isSignedBy(signature, SHARED_SECRET, 'hmac-sha256')).toBe(true)
  })

  test('two signatures of one message', () => {
    const both = {
      'signature-input': `${B26['signature-input']}, ${B25['signature-input']}`,
      signature: `${B26.signature}, ${B25.signature}`,
    }
    const labels = readHttpSignatures(request(both))?.map(({ label }) => label)
    expect(labels).toEqual(['sig-b26', 'sig-b25'])
  })

  test('Content-Digest: every known digest must be that of the body', () => {
    const sha256 = 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'
    expect(isDigestOf(SHA512, BODY)).toBe(true)
    expect(isDigestOf(`${sha256}, ${SHA512}`, BODY)).toBe(true)
    expect(isDigestOf(`${sha256.replace('X', 'Y')}, ${SHA512}`, BODY)).toBe(false)
    expect(isDigestOf(`md5=:${'A'.repeat(22)}==:`, BODY)).toBe(false)
    expect(isDigestOf('', BODY)).toBe(false)
    expect(isDigestOf(SHA512, BODY.slice(1))).toBe(false)
  })
})

test('what is covered is bound: each part, its order, and what is said of the signature', () => {
  const changes: readonly ReturnType<typeof request>[] = [
    request({ ...B26, date: 'Tue, 20 Apr 2021 02:07:56 GMT' }),
    request(B26, 'https://example.com/fo0'),
    request(B26, 'https://example.org/foo'),
    { ...request(B26), method: 'PUT' },
    request({ ...B26, 'signature-input': B26['signature-input'].replace('4473', '4474') }),
    request({
      ...B26,
      'signature-input': B26['signature-input'].replace('"date" "@method"', '"@method" "date"'),
    }),
  ]
  for (const changed of changes) {
    const [signature] = readHttpSignatures(changed) ?? []
    if (signature === undefined) throw new Error('not read')
    expect(isSignedBy(signature, PUBLIC_KEY, 'ed25519')).toBe(false)
  }
})

test('headers in any other form than the canonical one are not read', () => {
  const inputs = [
    'sig=("date"  "@method")',
    'sig=( "date")',
    'sig=("date" "date")',
    'sig=("date";sf)',
    'sig=("missing")',
    'sig=("@unknown")',
    'sig=("Date")',
    'sig=("date");created=1;created=2',
    'sig=("date"), sig=("date")',
    'sig=("date"),',
    'sig="date"',
    'other=("date")',
    '',
  ]
  for (const input of inputs) {
    const headers = { 'signature-input': input, signature: 'sig=:AAAA:' }
    expect(readHttpSignatures(request(headers))).toBeUndefined()
  }
  for (const signature of ['sig=:AAA:', 'sig=AAAA', 'sig=:AAAA:, b=:AAAA:', '']) {
    const headers = { 'signature-input': 'sig=("date")', signature }
    expect(readHttpSignatures(request(headers))).toBeUndefined()
  }
})

const PAIRS: Readonly<
  Record<HttpSignatureAlgorithm, { readonly privateKey: KeyObject; readonly publicKey: KeyObject }>
> = {
  ed25519: generateKeyPairSync('ed25519'),
  'ecdsa-p256-sha256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'ecdsa-p384-sha384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'rsa-v1_5-sha256': generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'hmac-sha256': { privateKey: SHARED_SECRET, publicKey: SHARED_SECRET },
}
const ALGORITHMS = Object.keys(PAIRS) as HttpSignatureAlgorithm[]

describe.each(ALGORITHMS)('an independent signer, %s', (algorithm) => {
  test('is believed, and under no other algorithm or changed bit', async () => {
    const { privateKey, publicKey } = PAIRS[algorithm]
    const fields = ['@method', '@target-uri', '@authority', '@scheme', '@path', '@query']
    const message = request({})
    const signed = await httpbis.signMessage(
      {
        key: createSigner(privateKey, algorithm as Algorithm, 'a "key"'),
        name: 'sig1',
        fields: [...fields, '@request-target', '@query-param;name="Pet"', 'content-digest'],
        params: ['created', 'keyid', 'alg'],
      },
      { method: 'POST', url: URL_OF_RFC, headers: Object.fromEntries(message.headers) },
    )
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(signed.headers)) headers[name] = value
    const [signature] = readHttpSignatures(request(headers)) ?? []
    if (signature === undefined) throw new Error('not read')
    expect(signature).toMatchObject({ algorithm, keyId: 'a "key"' })
    expect(isSignedBy(signature, publicKey, algorithm)).toBe(true)
    for (const other of ALGORITHMS) {
      expect(isSignedBy(signature, publicKey, other)).toBe(other === algorithm)
    }
    for (const at of [0, 9, signature.signature.length - 1]) {
      const flipped = Uint8Array.from(signature.signature)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      const changed = { base: signature.base, signature: flipped }
      expect(isSignedBy(changed, publicKey, algorithm)).toBe(false)
    }
  })
})
