/** Tokens: which algorithm, which key, which claims; none of it is the token's own choice. */
import { describe, expect, test } from 'bun:test'
import { createHash, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import type { Delivery, Verdict } from '../../src/delivery.ts'
import { validateSecret } from '../../src/providers/engine/secrets.ts'
import { deliveryOf, NOW, outcomeOf, rowOf, URL, verifierOf } from './support.ts'

const BODY = '{"state":"ready"}'
const SECRET = 'a secret that is long enough'
const SECONDS = NOW / 1000
const MISMATCH = 'SIGNATURE_MISMATCH'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' })

type Signer = (text: string) => string
const hs =
  (key: string, hash = 'sha256'): Signer =>
  (text) =>
    createHmac(hash, key).update(text).digest('base64url')
const asymmetric =
  (hash: string | null, key: KeyObject): Signer =>
  (text) =>
    sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function token(header: object, claims: object, signer: Signer): string {
  const text = `${encode(header)}.${encode(claims)}`
  return `${text}.${signer(text)}`
}

function digest(encoding: 'hex' | 'base64' | 'base64url', body = BODY): string {
  return createHash('sha256').update(body).digest(encoding)
}

const HS256 = { alg: 'HS256', typ: 'JWT' }

describe('Netlify: the hash of the body is what is signed', () => {
  const claims = { iss: 'netlify', sha256: digest('hex') }
  const genuine = token(HS256, claims, hs(SECRET))
  const judge = (value: string, body = BODY): Verdict => {
    const verify = verifierOf('netlify', { secrets: [SECRET] })
    return verify(deliveryOf(body, { 'x-webhook-signature': value }))
  }

  test('is taken, and with another body, issuer or secret not', () => {
    expect(judge(genuine)).toMatchObject({ kind: 'verified', secretIndex: 0 })
    expect(judge(genuine, '{"state":"error"}')).toMatchObject({ step: 'wrong_claim' })
    expect(judge(token(HS256, { ...claims, iss: 'Netlify' }, hs(SECRET)))).toMatchObject({
      step: 'wrong_claim',
    })
    expect(judge(token(HS256, claims, hs('another')))).toMatchObject({ step: 'mismatch' })
    for (const missing of [{ iss: 'netlify' }, { sha256: digest('hex') }, {}]) {
      expect(judge(token(HS256, missing, hs(SECRET)))).toMatchObject({ step: 'wrong_claim' })
    }
  })

  test('an algorithm that the row does not allow is refused, whatever was signed', () => {
    const [, payload = ''] = genuine.split('.')
    const unsigned = (alg: unknown) => `${encode({ alg })}.${payload}.`
    for (const alg of ['none', 'None', 'NONE', '', null, undefined, 0, ['HS256']]) {
      expect(judge(unsigned(alg))).toMatchObject({ step: 'wrong_algorithm' })
    }
    const longer = token({ alg: 'HS512' }, claims, hs(SECRET, 'sha512'))
    expect(judge(longer)).toMatchObject({ step: 'wrong_algorithm' })
    expect(judge(token({ alg: 'hs256' }, claims, hs(SECRET)))).toMatchObject({
      step: 'wrong_algorithm',
    })
  })

  test('a token whose header demands what we do not know is refused', () => {
    const critical = { ...HS256, crit: ['b64'], b64: false }
    expect(judge(token(critical, claims, hs(SECRET)))).toMatchObject({ step: 'wrong_algorithm' })
  })

  test('what is not three strictly encoded parts is no token', () => {
    const [head = '', payload = '', signature = ''] = genuine.split('.')
    const text = `${head}.${payload}`
    const odd = [
      '',
      '.',
      '..',
      text,
      `${text}.${signature}.x`,
      `${text}.${signature}=`,
      `${genuine}, ${genuine}`,
      `${head}=.${payload}.${signature}`,
      `${text}.${signature.replaceAll('-', '+').replaceAll('_', '/')}!`,
      `${encode([])}.${payload}.${signature}`,
      `${encode('x')}.${payload}.${signature}`,
      `${encode(null)}.${payload}.${signature}`,
      `${Buffer.from('{"alg"').toString('base64url')}.${payload}.${signature}`,
    ]
    for (const value of odd) expect(judge(value)).toMatchObject({ step: 'bad_encoding' })
    const empty = token(HS256, [], hs(SECRET))
    expect(judge(empty)).toMatchObject({ step: 'bad_encoding' })
  })

  test('cut anywhere, or with one character changed, it is refused', () => {
    for (let at = 0; at < genuine.length; at++) {
      expect(outcomeOf(judge(genuine.slice(0, at)))).toBe(MISMATCH)
      const other = genuine[at] === 'A' ? 'B' : 'A'
      expect(outcomeOf(judge(genuine.slice(0, at) + other + genuine.slice(at + 1)))).toBe(MISMATCH)
    }
  })
})

describe('QStash: time, URL and body', () => {
  const claims = {
    iss: 'Upstash',
    sub: URL,
    exp: SECONDS + 300,
    nbf: SECONDS,
    body: digest('base64url'),
  }
  const judge = (changes: object, now = NOW, delivery?: Partial<Delivery>): Verdict => {
    const verify = verifierOf('qstash', {
      secrets: ['the current key', 'the next key'],
      now: () => now,
    })
    const value = token(HS256, { ...claims, ...changes }, hs('the next key'))
    return verify({ ...deliveryOf(BODY, { 'upstash-signature': value }), ...delivery })
  }

  test('holds from nbf until exp', () => {
    expect(judge({})).toMatchObject({ kind: 'verified', secretIndex: 1 })
    expect(judge({}, NOW + 299_999)).toMatchObject({ kind: 'verified' })
    expect(judge({}, NOW + 300_000)).toMatchObject({ step: 'stale' })
    expect(judge({}, NOW - 1)).toMatchObject({ step: 'stale' })
  })

  test('without exp, or with one that is no number, is refused', () => {
    for (const exp of [undefined, null, String(SECONDS + 300), [SECONDS + 300], {}]) {
      expect(judge({ exp })).toMatchObject({ step: 'wrong_claim' })
    }
    expect(judge({ nbf: '0' })).toMatchObject({ step: 'wrong_claim' })
  })

  test('its body hash may be padded', () => {
    expect(judge({ body: `${digest('base64url')}=` })).toMatchObject({ kind: 'verified' })
    expect(judge({ body: digest('hex') })).toMatchObject({ step: 'wrong_claim' })
  })

  test('its URL is the registered one, and the Host header is not asked', () => {
    expect(judge({ sub: undefined })).toMatchObject({ kind: 'verified' })
    expect(judge({ sub: 'https://evil.example/hooks/test' })).toMatchObject({ step: 'wrong_claim' })
    expect(judge({ sub: 'http://localhost/hooks/test' })).toMatchObject({ step: 'wrong_claim' })
    const queried = { url: 'http://localhost/hooks/test?a=1' }
    expect(judge({ sub: `${URL}?a=1` }, NOW, queried)).toMatchObject({ kind: 'verified' })
    expect(judge({}, NOW, queried)).toMatchObject({ step: 'wrong_claim' })
  })
})

describe('MessageBird: a hash of the body where there is one', () => {
  const claims = (body: string | undefined) => ({
    iss: 'MessageBird',
    jti: 'a-token-id',
    exp: SECONDS + 60,
    nbf: SECONDS,
    url_hash: createHash('sha256').update(URL).digest('hex'),
    ...(body === undefined ? {} : { payload_hash: digest('hex', body) }),
  })
  const judge = (body: string, hashed: string | undefined, now = NOW) => {
    const verify = verifierOf('messagebird', { secrets: [SECRET], now: () => now })
    const value = token(HS256, claims(hashed), hs(SECRET))
    return verify(deliveryOf(body, { 'messagebird-signature-jwt': value }))
  }

  test('is there with a body, and absent without one', () => {
    expect(judge(BODY, BODY)).toMatchObject({ kind: 'verified', eventId: 'a-token-id' })
    expect(judge('', undefined)).toMatchObject({ kind: 'verified' })
    expect(judge(BODY, undefined)).toMatchObject({ step: 'wrong_claim' })
    expect(judge('', '')).toMatchObject({ step: 'wrong_claim' })
  })

  test('clocks may differ by five seconds', () => {
    expect(judge(BODY, BODY, NOW + 64_999)).toMatchObject({ kind: 'verified' })
    expect(judge(BODY, BODY, NOW + 65_000)).toMatchObject({ step: 'stale' })
    expect(judge(BODY, BODY, NOW - 5_000)).toMatchObject({ kind: 'verified' })
    expect(judge(BODY, BODY, NOW - 5_001)).toMatchObject({ step: 'stale' })
  })
})

describe('FusionAuth: each kind of key verifies its own algorithms', () => {
  const claims = { request_body_sha256: digest('base64') }
  const keys = {
    HS256: { secret: SECRET, signer: hs(SECRET) },
    HS512: { secret: SECRET, signer: hs(SECRET, 'sha512') },
    RS256: { secret: pem(rsa.publicKey), signer: asymmetric('sha256', rsa.privateKey) },
    ES256: { secret: pem(ec.publicKey), signer: asymmetric('sha256', ec.privateKey) },
    EdDSA: { secret: pem(ed.publicKey), signer: asymmetric(null, ed.privateKey) },
  }
  const judge = (secret: string, alg: string, signer: Signer) => {
    const verify = verifierOf('fusionauth', { secrets: [secret] })
    const value = token({ alg }, claims, signer)
    return outcomeOf(verify(deliveryOf(BODY, { 'x-fusionauth-signature-jwt': value })))
  }

  test.each(Object.entries(keys))('%s', (alg, { secret, signer }) => {
    expect(judge(secret, alg, signer)).toBe('verified')
    for (const other of Object.keys(keys).filter((each) => each !== alg)) {
      expect(judge(secret, other, signer)).toBe(MISMATCH)
    }
  })

  test('a public key is no HMAC secret, in whatever form it is written', () => {
    const text = pem(rsa.publicKey)
    const der = rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('latin1')
    for (const key of [text, text.trim(), text.replaceAll('\n', ''), der]) {
      expect(judge(text, 'HS256', hs(key))).toBe(MISMATCH)
    }
  })

  test('a public key that is configured in another form than PEM is no HMAC secret either', () => {
    const der = rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    expect(judge(der, 'RS256', asymmetric('sha256', rsa.privateKey))).toBe('verified')
    expect(judge(der, 'HS256', hs(der))).toBe(MISMATCH)
    const jwk = JSON.stringify(rsa.publicKey.export({ format: 'jwk' }))
    expect(validateSecret(rowOf('fusionauth'), jwk)).toBe('is not a public key in PEM')
    expect(() => judge(jwk, 'HS256', hs(jwk))).toThrow('CONFIG_INVALID')
  })

  test('an ECDSA signature in DER is none in a token', () => {
    const der: Signer = (text) =>
      sign('sha256', Buffer.from(text), ec.privateKey).toString('base64url')
    expect(judge(keys.ES256.secret, 'ES256', der)).toBe(MISMATCH)
  })
})

describe('Google Pub/Sub: keys that are published', () => {
  const claims = {
    iss: 'https://accounts.google.com',
    aud: 'a-audience',
    email: 'a-service_account',
    email_verified: true,
    exp: SECONDS + 60,
    iat: SECONDS,
  }
  const asked: (string | undefined)[] = []
  const judge = (changes: object, header: object = { alg: 'RS256', kid: 'key-1' }) => {
    const verify = verifierOf('gcp_pubsub', {
      findKeys(_, keyId) {
        asked.push(keyId)
        return keyId === 'key-1' ? { kind: 'found', keys: [rsa.publicKey] } : { kind: 'unknown' }
      },
    })
    const value = token(header, { ...claims, ...changes }, asymmetric('sha256', rsa.privateKey))
    return verify(deliveryOf(BODY, { authorization: `Bearer ${value}` }))
  }

  test('are looked for by the id that the token names', () => {
    expect(judge({})).toMatchObject({ kind: 'verified' })
    expect(asked).toEqual(['key-1'])
    expect(judge({}, { alg: 'RS256', kid: 'key-2' })).toMatchObject({ step: 'unknown_key' })
    expect(judge({}, { alg: 'HS256', kid: 'key-1' })).toMatchObject({ step: 'wrong_algorithm' })
  })

  test('audience and account have to be those that are configured', () => {
    expect(judge({ aud: ['other', 'a-audience'] })).toMatchObject({ kind: 'verified' })
    for (const changes of [
      { aud: 'other' },
      { aud: undefined },
      { email: 'somebody@example.com' },
      { email_verified: false },
      { email_verified: 'true' },
      { iss: 'https://accounts.example.com' },
    ]) {
      expect(judge(changes)).toMatchObject({ step: 'wrong_claim' })
    }
  })
})
