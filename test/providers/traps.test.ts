/** Ways in which verifiers have been wrong before: each test is one of them. */
import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import type { Delivery } from '../../src/delivery.ts'
import { SIGNATURES_MAX } from '../../src/limits/limits.ts'
import {
  deliveryOf,
  expectVerified,
  NOW,
  outcomeOf,
  secretsOf,
  signed,
  verifierOf,
  withBody,
  withHeaders,
} from './support.ts'

const BODY = '{"type":"sample","id":"evt_1"}'
const MISMATCH = 'SIGNATURE_MISMATCH'
const SECOND = 1000

function header(delivery: Delivery, name: string): string {
  return delivery.headers.get(name) ?? ''
}

function hmac(secret: string, text: string, encoding: 'hex' | 'base64' = 'hex'): string {
  return createHmac('sha256', secret).update(text).digest(encoding)
}

/** Every signing provider with the header that carries its signature. */
const SIGNING = [
  ['standard_webhooks', 'webhook-signature'],
  ['standard_webhooks_ed25519', 'webhook-signature'],
  ['svix', 'svix-signature'],
  ['gitlab', 'webhook-signature'],
  ['github', 'x-hub-signature-256'],
  ['stripe', 'stripe-signature'],
  ['shopify', 'x-shopify-hmac-sha256'],
  ['slack', 'x-slack-signature'],
  ['linear', 'linear-signature'],
  ['generic_hmac', 'x-signature'],
] as const

const DATED_BODY = `{"type":"sample","webhookTimestamp":${NOW}}`

describe.each(SIGNING)('%s: a signature that is not quite one', (key, name) => {
  const delivery = signed(key, DATED_BODY)
  const genuine = header(delivery, name)
  const verify = verifierOf(key)
  /** Replaces what stands after the last sign that separates the signature from its label. */
  const relabel = (change: (signature: string) => string) => {
    const at = /^(?:v1a?,|v0=|sha256=|t=\d+,v1=)?/.exec(genuine)?.[0].length ?? 0
    const value = genuine.slice(0, at) + change(genuine.slice(at))
    return outcomeOf(verify(withHeaders(delivery, { [name]: value })))
  }

  test('is the control: unchanged, it is taken', () => {
    expect(relabel((signature) => signature)).toBe('verified')
  })

  test('cut anywhere, down to nothing, is refused', () => {
    for (let length = 0; length < genuine.length; length++) {
      expect(outcomeOf(verify(withHeaders(delivery, { [name]: genuine.slice(0, length) })))).toBe(
        MISMATCH,
      )
    }
    expect(relabel(() => '')).toBe(MISMATCH)
  })

  test('with anything appended is refused', () => {
    for (const extra of ['0', '00', 'A', 'AA==', '=', 'zz', '\u00e9', ';']) {
      expect(relabel((signature) => signature + extra)).toBe(MISMATCH)
    }
  })

  test('of the right shape with the wrong value is refused', () => {
    const swapped = (signature: string) => {
      const first = signature.startsWith('a') ? 'b' : 'a'
      return first + signature.slice(1)
    }
    expect(relabel(swapped)).toBe(MISMATCH)
  })

  test('in another encoding is refused', () => {
    const other = /^[0-9a-f]{64}$/.test(genuine.slice(-64)) ? 'base64' : 'hex'
    const recode = (signature: string) =>
      Buffer.from(signature, other === 'base64' ? 'hex' : 'base64').toString(other)
    expect(relabel(recode)).toBe(MISMATCH)
  })

  test('with blanks or line breaks inside is refused', () => {
    expect(relabel((signature) => `${signature.slice(0, 8)} ${signature.slice(8)}`)).toBe(MISMATCH)
    expect(relabel((signature) => `${signature.slice(0, 8)}\t${signature.slice(8)}`)).toBe(MISMATCH)
  })

  test('names the header in the refusal, and none of its content', () => {
    const verdict = verify(withHeaders(delivery, { [name]: `${genuine}00` }))
    expect(JSON.stringify(verdict)).toContain(name)
    expect(JSON.stringify(verdict)).not.toContain(genuine.slice(-20))
  })

  test('is refused over the same JSON written differently', () => {
    for (const body of [
      `{"type": "sample","webhookTimestamp":${NOW}}`,
      `{"webhookTimestamp":${NOW},"type":"sample"}`,
      `{"type":"s\\u0061mple","webhookTimestamp":${NOW}}`,
      `{"type":"sample","webhookTimestamp":${NOW}.0}`,
      `${DATED_BODY}\r\n`,
      `\uFEFF${DATED_BODY}`,
    ]) {
      expect(outcomeOf(verify(withBody(delivery, body)))).toBe(MISMATCH)
    }
  })
})

describe('base64 that is not canonical', () => {
  test('is refused, although it decodes to the same bytes', () => {
    const delivery = signed('shopify', BODY)
    const genuine = header(delivery, 'x-shopify-hmac-sha256')
    expect(genuine).toEndWith('=')
    const at = genuine.length - 2
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
    const next = alphabet[alphabet.indexOf(genuine.charAt(at)) + 1] ?? 'B'
    const loose = `${genuine.slice(0, at)}${next}=`
    expect(Buffer.from(loose, 'base64')).toEqual(Buffer.from(genuine, 'base64'))
    for (const value of [
      loose,
      genuine.slice(0, -1),
      genuine.replaceAll('+', '-').replaceAll('/', '_').slice(0, -1),
    ]) {
      expect(
        outcomeOf(verifierOf('shopify')(withHeaders(delivery, { 'x-shopify-hmac-sha256': value }))),
      ).toBe(MISMATCH)
    }
  })
})

describe('the body is spliced as bytes', () => {
  const hostile = [
    '{"a":"$& $1 $$ $` $\'"}',
    '{"a":"{ts} {body} {id} {config:header}"}',
    '{"a":"line\\r\\n"}\r\n',
    '',
    '\uFEFF{}',
    '\u0000',
  ]
  test.each(SIGNING)('%s: patterns, placeholders, line ends, nothing, marks', (key) => {
    for (const body of key === 'linear' ? [DATED_BODY] : hostile) {
      expect(outcomeOf(verifierOf(key)(signed(key, body)))).toBe('verified')
    }
  })

  test('invalid UTF-8 and the character that replaces it are two bodies', () => {
    const invalid = Uint8Array.of(0x22, 0xff, 0x22)
    const delivery = signed('stripe', invalid)
    const verdict = expectVerified(verifierOf('stripe')(delivery))
    expect(verdict.parsed).toEqual({ kind: 'not-json', reason: 'the body is not valid UTF-8' })
    expect(outcomeOf(verifierOf('stripe')(withBody(delivery, '"\uFFFD"')))).toBe(MISMATCH)
  })

  test('an id with the separator is refused, because the text could be cut in two ways', () => {
    const at = String(NOW / SECOND)
    const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')
    const text = `msg.${at}.${at}.{}`
    const signature = createHmac('sha256', key).update(text).digest('base64')
    const shared = { 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}` }
    const verify = verifierOf('standard_webhooks')
    const shifted = { 'webhook-id': `msg.${at}`, ...shared }
    expect(outcomeOf(verify(deliveryOf('{}', shifted)))).toBe(MISMATCH)
  })

  test('an id with a placeholder stands for itself', () => {
    const delivery = signed('standard_webhooks', BODY, { eventId: '{body}{ts}' })
    expect(expectVerified(verifierOf('standard_webhooks')(delivery)).eventId).toBe('{body}{ts}')
  })
})

describe('timestamps', () => {
  const at = (key: string, ms: number) =>
    outcomeOf(verifierOf(key, { now: () => NOW + ms })(signed(key, DATED_BODY)))
  const windows = [
    ['standard_webhooks', 300],
    ['svix', 300],
    ['gitlab', 300],
    ['stripe', 300],
    ['slack', 300],
    ['linear', 60],
  ] as const

  test.each(windows)('%s: the window of %d s holds in both directions', (key, seconds) => {
    expect(at(key, seconds * SECOND)).toBe('verified')
    expect(at(key, -seconds * SECOND)).toBe('verified')
    expect(at(key, (seconds + 1) * SECOND)).toBe('SIGNATURE_EXPIRED')
    expect(at(key, -(seconds + 1) * SECOND)).toBe('SIGNATURE_EXPIRED')
  })

  const digits = String(NOW / SECOND)
  const odd = [
    '',
    `${digits}abc`,
    `${digits}.9`,
    `${digits}.`,
    '1e9',
    '0x10',
    `-${digits}`,
    `+${digits}`,
    `${digits}, ${digits}`,
    'NaN',
    'Infinity',
    '9'.repeat(30),
    '2026-03-04T09:30:00Z',
    '\u0661\u0662',
  ]

  test('that are not plain digits are refused, even where they were signed like that', () => {
    const secret = secretsOf('slack').verify
    for (const text of odd.filter((each) => !/[\u0100-\uffff]/.test(each))) {
      const headers = {
        'x-slack-request-timestamp': text,
        'x-slack-signature': `v0=${hmac(secret, `v0:${text}:${BODY}`)}`,
      }
      expect(outcomeOf(verifierOf('slack')(deliveryOf(BODY, headers)))).toBe(MISMATCH)
    }
  })

  test('of Stripe that are missing, double or no number are refused, whatever was signed', () => {
    const secret = secretsOf('stripe').verify
    const v1 = (text: string) => `v1=${hmac(secret, `${text}.${BODY}`)}`
    const headers = [
      v1(digits),
      v1(''),
      `t=,${v1('')}`,
      `t=${digits}x,${v1(`${digits}x`)}`,
      `t=${digits},t=${digits},${v1(digits)}`,
      `t=${digits},${v1(digits)}, t=${digits},${v1(digits)}`,
      `T=${digits},${v1(digits)}`,
    ]
    for (const value of headers) {
      expect(outcomeOf(verifierOf('stripe')(deliveryOf(BODY, { 'stripe-signature': value })))).toBe(
        MISMATCH,
      )
    }
  })

  test('are signed as they were written: other digits for the same second do not match', () => {
    const delivery = signed('standard_webhooks', BODY)
    const padded = withHeaders(delivery, { 'webhook-timestamp': `0${digits}` })
    expect(outcomeOf(verifierOf('standard_webhooks')(padded))).toBe(MISMATCH)
  })

  test('of Linear come from the signed body, never from the header beside it', () => {
    const old = `{"webhookTimestamp":${NOW - 3_600_000}}`
    const delivery = withHeaders(signed('linear', old), { 'linear-timestamp': String(NOW) })
    expect(outcomeOf(verifierOf('linear')(delivery))).toBe('SIGNATURE_EXPIRED')
    const stale = withHeaders(signed('linear', DATED_BODY), { 'linear-timestamp': '1' })
    expect(outcomeOf(verifierOf('linear')(stale))).toBe('verified')
  })

  test('of Linear that the body does not carry as a whole number are refused', () => {
    const bodies = [
      '{}',
      '[]',
      'null',
      'not json',
      `{"webhookTimestamp":${NOW}.5}`,
      '{"webhookTimestamp":null}',
    ]
    for (const body of bodies) {
      expect(outcomeOf(verifierOf('linear')(signed('linear', body)))).toBe('SIGNATURE_MISSING')
    }
  })

  test('and everything else in a body is read only after the signature matched', () => {
    // A body this deep would take long to look at; the refusal must say that nobody did.
    const delivery = withBody(
      signed('linear', DATED_BODY),
      `{"webhookTimestamp":1,"x":${'['.repeat(1000)}`,
    )
    expect(outcomeOf(verifierOf('linear')(delivery))).toBe(MISMATCH)
  })
})

describe('headers that arrive twice', () => {
  test.each(SIGNING.filter(([key]) => key !== 'stripe'))('%s: are no signature', (key, name) => {
    const delivery = signed(key, DATED_BODY)
    delivery.headers.append(name, header(delivery, name))
    // A list is a list, also when it came in two pieces; anything else is not.
    const isList = name.startsWith('webhook-') || name.startsWith('svix-')
    expect(outcomeOf(verifierOf(key)(delivery))).toBe(isList ? 'verified' : MISMATCH)
  })

  test('as ids that are signed, they do not match', () => {
    const delivery = signed('standard_webhooks', BODY)
    delivery.headers.append('webhook-id', 'event-1')
    expect(outcomeOf(verifierOf('standard_webhooks')(delivery))).toBe(MISMATCH)
  })
})

describe('several signatures in one header', () => {
  const other = 'v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
  const delivery = signed('standard_webhooks', BODY)
  const genuine = header(delivery, 'webhook-signature')
  const verify = (value: string) =>
    verifierOf('standard_webhooks')(withHeaders(delivery, { 'webhook-signature': value }))

  test('one match is enough, wherever it stands', () => {
    for (const value of [
      `${other} ${genuine}`,
      `${genuine} ${other}`,
      `v1a,xx v2,yy ${genuine} junk`,
    ]) {
      expect(outcomeOf(verify(value))).toBe('verified')
    }
  })

  test('a signature under another version does not count', () => {
    for (const version of ['v0', 'v2', 'v1a', 'V1', 'v11', '']) {
      expect(outcomeOf(verify(`${version},${genuine.slice(3)}`))).toBe(MISMATCH)
    }
  })

  test('more than the limit are refused unseen', () => {
    const many = (count: number) => `${`${other} `.repeat(count - 1)}${genuine}`
    expect(outcomeOf(verify(many(SIGNATURES_MAX)))).toBe('verified')
    expect(outcomeOf(verify(many(SIGNATURES_MAX + 1)))).toBe(MISMATCH)
  })

  test('Stripe: every v1 counts, v0 never does', () => {
    const stripe = signed('stripe', BODY)
    const value = header(stripe, 'stripe-signature')
    const change = (text: string) =>
      outcomeOf(verifierOf('stripe')(withHeaders(stripe, { 'stripe-signature': text })))
    expect(change(value.replace('v1=', `v1=${'0'.repeat(64)},v1=`))).toBe('verified')
    expect(change(value.replace('v1=', 'v0='))).toBe(MISMATCH)
  })
})
