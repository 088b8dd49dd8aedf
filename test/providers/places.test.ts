/** Where signatures and signed values stand in a request, and what of a request is spliced. */
import { describe, expect, test } from 'bun:test'
import { createHash, createHmac } from 'node:crypto'
import { compileMessage, feed } from '../../src/providers/engine/message.ts'
import { sortedForm, sortedQuery } from '../../src/providers/engine/url.ts'
import { FORM_FIELDS_MAX, SIGNATURES_MAX } from '../../src/limits/limits.ts'
import {
  deliveryOf,
  expectVerified,
  NOW,
  outcomeOf,
  secretsOf,
  signed,
  URL,
  verifierOf,
  withBody,
  withHeaders,
} from './support.ts'

const AT = String(NOW / 1000)
const MISMATCH = 'SIGNATURE_MISMATCH'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const bytes = (text: string) => new TextEncoder().encode(text)

function hmac(hash: string, key: string, text: string, encoding: 'hex' | 'base64' = 'hex') {
  return createHmac(hash, key).update(text).digest(encoding)
}

/** The text that a template makes of a request. */
function messageOf(
  template: string,
  delivery = deliveryOf('{"a":{"b":7}}', { 'x-a': 'A' }),
): unknown {
  const make = compileMessage(template, { config: { c: '{body}$&' }, url: URL })
  const message = make({ request: { delivery, data: { a: { b: 7 } } }, id: 'ID', timestamp: 'TS' })
  if ('kind' in message) return message
  const pieces: Buffer[] = []
  feed(message, { update: (data) => pieces.push(Buffer.from(data)) }, bytes('SECRET'))
  return Buffer.concat(pieces).toString('latin1')
}

describe('a template', () => {
  const queried = { ...deliveryOf('x=1', {}), url: 'http://evil.example/hooks/test?b=2&a=1' }

  test.each([
    ['{id}.{ts}.{body}', 'ID.TS.{"a":{"b":7}}'],
    ['{secret}{method}{body}{secret}', 'SECRETPOST{"a":{"b":7}}SECRET'],
    ['{header:x-a}|{json:a.b}|{config:c}', 'A|7|{body}$&'],
    ['v0:{ts}:', 'v0:TS:'],
    ['{sha256hex:body}', createHash('sha256').update('{"a":{"b":7}}').digest('hex')],
    ['{sha256:body}', createHash('sha256').update('{"a":{"b":7}}').digest().toString('latin1')],
    ['{crc32:body}', String(Bun.hash.crc32('{"a":{"b":7}}'))],
  ])('%s', (template, expected) => {
    expect(messageOf(template)).toBe(expected)
  })

  test('takes the URL from the configuration, and from the request only its query', () => {
    expect(messageOf('{url}', queried)).toBe(`${URL}?b=2&a=1`)
    expect(messageOf('{urlNoQuery}', queried)).toBe(URL)
    expect(messageOf('{sortedQuery}', queried)).toBe('a=1&b=2')
  })

  test('refuses a value that could end before its end, and names one that is missing', () => {
    const dotted = deliveryOf('', { 'x-a': 'a.b' })
    const bad = { kind: 'bad-part', name: 'header:x-a' }
    expect(messageOf('{header:x-a}.{body}', dotted)).toEqual({ ...bad, isMissing: false })
    expect(messageOf('{header:x-a}{body}', dotted)).toBe('a.b')
    expect(messageOf('{header:x-b}', dotted)).toMatchObject({ name: 'header:x-b', isMissing: true })
  })
})

test('Sinch: what is signed as a nonce cannot become a part of the body, nor the other way', () => {
  const secret = secretsOf('sinch').verify
  const headers = (nonce: string) => ({
    'x-sinch-webhook-signature': hmac('sha256', secret, `{}.1.2.${AT}`, 'base64'),
    'x-sinch-webhook-signature-nonce': nonce,
    'x-sinch-webhook-signature-timestamp': AT,
  })
  const verify = verifierOf('sinch')
  expect(outcomeOf(verify(deliveryOf('{}.1', headers('2'))))).toBe('verified')
  expect(verify(deliveryOf('{}', headers('1.2')))).toMatchObject({ step: 'mismatch' })
})

describe('the registered URL', () => {
  const body = '{"type":"payment.updated"}'
  const secret = secretsOf('square').verify
  const delivery = deliveryOf(body, {
    'x-square-hmacsha256-signature': hmac('sha256', secret, URL + body, 'base64'),
  })

  test('is what counts, whatever Host and X-Forwarded-* say', () => {
    const forwarded = { host: 'evil.example', 'x-forwarded-host': 'evil.example' }
    expect(outcomeOf(verifierOf('square')(withHeaders(delivery, forwarded)))).toBe('verified')
    const other = verifierOf('square', { url: 'http://localhost/hooks/test' })
    expect(outcomeOf(other(delivery))).toBe(MISMATCH)
  })

  test.each(['square', 'trello', 'mandrill', 'hubspot_v2', 'hubspot_v3', 'qstash', 'twilio'])(
    '%s does not start without it',
    (key) => {
      expect(() => verifierOf(key, { url: undefined })).toThrow('INLET_URL is required')
    },
  )

  test('of a form is followed by its sorted fields', () => {
    const form = 'b=2&a=1+1&mandrill_events=%5B7%5D&%C3%A9=%E2%82%AC'
    const text = 'a1 1b2mandrill_events[7]\u00e9\u20ac'
    const mac = hmac('sha1', secretsOf('mandrill').verify, URL + text, 'base64')
    const sent = deliveryOf(form, { ...FORM, 'x-mandrill-signature': mac })
    expect(outcomeOf(verifierOf('mandrill')(sent))).toBe('batch')
    expect(outcomeOf(verifierOf('mandrill')(withBody(sent, `${form}&c=3`)))).toBe(MISMATCH)
  })
})

test('fields are sorted by name, and what is no form, or a huge one, has none', () => {
  expect(sortedForm(bytes('b=1&a=2&b=0&c'))).toBe('a2b1b0c')
  expect(sortedForm(bytes(''))).toBe('')
  expect(sortedForm(bytes('a=%FF'))).toBeUndefined()
  expect(sortedForm(bytes('a=%'))).toBeUndefined()
  expect(sortedForm(Uint8Array.of(0x61, 0xff))).toBeUndefined()
  expect(sortedForm(bytes('a&'.repeat(FORM_FIELDS_MAX - 1)))).toHaveLength(FORM_FIELDS_MAX - 1)
  expect(sortedForm(bytes('a&'.repeat(FORM_FIELDS_MAX)))).toBeUndefined()
  expect(sortedQuery('http://x/?b=%20&a=1&b=0&a')).toBe('a=1&a&b=%20&b=0')
})

describe('Mailgun: a signature within the body, which is not signed', () => {
  const mac = hmac('sha256', secretsOf('mailgun').verify, `${AT}a-token`)
  const fields = { timestamp: AT, token: 'a-token', signature: mac }
  const json = (signature: object) => deliveryOf(JSON.stringify({ signature }), {})
  const form = (text: string) => deliveryOf(text, FORM)
  const encoded = new URLSearchParams(fields).toString()
  const verify = verifierOf('mailgun')

  test('is found in JSON and in a form, and its token is the id', () => {
    expect(expectVerified(verify(json(fields))).eventId).toBe('a-token')
    expect(expectVerified(verify(form(encoded))).eventId).toBe('a-token')
    expect(verify(json({ ...fields, timestamp: Number(AT) }))).toMatchObject({ kind: 'verified' })
  })

  test('a second field of the name of one that is signed makes it none', () => {
    for (const field of ['token=other', 'timestamp=1', 'signature=00']) {
      for (const text of [`${encoded}&${field}`, `${field}&${encoded}`]) {
        expect(outcomeOf(verify(form(text)))).toStartWith('SIGNATURE_')
      }
    }
  })

  test('a value that is no text is no value', () => {
    for (const token of [null, {}, ['a-token'], 1.5, true]) {
      expect(verify(json({ ...fields, token }))).toMatchObject({ step: 'missing_header' })
    }
    for (const body of ['[]', 'null', '{"signature":null}', '{"signature":[]}', '', '{']) {
      expect(outcomeOf(verify(deliveryOf(body, {})))).toBe('SIGNATURE_MISSING')
    }
  })
})

describe('a token in the request', () => {
  test('Docker Hub: stands in the URL that is pasted', () => {
    const token = secretsOf('docker_hub').verify
    const verify = verifierOf('docker_hub')
    const judge = (query: string) =>
      outcomeOf(
        verify({ ...deliveryOf('{"push_data":{}}', {}), url: `http://x/hooks/test${query}` }),
      )
    expect(judge(`?token=${encodeURIComponent(token)}`)).toBe('verified')
    expect(judge('')).toBe('SIGNATURE_MISSING')
    expect(judge('?token=')).toBe(MISMATCH)
    expect(judge(`?token=${encodeURIComponent(token)}x`)).toBe(MISMATCH)
    expect(judge(`?token=x&token=${encodeURIComponent(token)}`)).toBe('SIGNATURE_MISSING')
  })

  test('Microsoft Graph: every element has to carry it', () => {
    const clientState = secretsOf('ms_graph').verify
    const verify = verifierOf('ms_graph')
    const judge = (value: unknown) => outcomeOf(verify(deliveryOf(JSON.stringify({ value }), {})))
    expect(judge([{ clientState }, { clientState }])).toBe('batch')
    for (const value of [
      [{ clientState }, {}],
      [{ clientState }, { clientState: 'other' }],
      [{ clientState: [clientState] }],
      [null],
      Array.from({ length: 20_000 }, () => ({ clientState })),
    ]) {
      expect(judge(value)).toBe(MISMATCH)
    }
    for (const value of [[], {}, null, clientState]) expect(judge(value)).toBe('SIGNATURE_MISSING')
  })
})

describe('Recurly: the time first, then signatures', () => {
  const secret = secretsOf('recurly').verify
  const at = String(NOW)
  const good = hmac('sha256', secret, `${at}.{}`)
  const judge = (value: string) =>
    outcomeOf(verifierOf('recurly')(deliveryOf('{}', { 'recurly-signature': value })))

  test('any of them may match', () => {
    expect(judge(`${at},${good}`)).toBe('verified')
    expect(judge(`${at},00,${good}`)).toBe('verified')
    for (const value of [`${good},${at}`, at, `${at},`, `,${good}`, `${at};${good}`, good]) {
      expect(judge(value)).toBe(MISMATCH)
    }
  })

  test('more than the limit are refused unseen', () => {
    const many = (count: number) => {
      const value = `${at},${'00,'.repeat(count - 1)}${good}`
      return verifierOf('recurly')(deliveryOf('{}', { 'recurly-signature': value }))
    }
    expect(many(SIGNATURES_MAX)).toMatchObject({ kind: 'verified' })
    const detail = `recurly-signature has more than ${SIGNATURES_MAX} signatures`
    expect(many(SIGNATURES_MAX + 1)).toMatchObject({ step: 'mismatch', detail })
  })
})

describe('legal bodies that look wrong', () => {
  test.each(['sentry', 'zendesk', 'github', 'sendgrid'])('%s: nothing at all', (key) => {
    expect(outcomeOf(verifierOf(key)(signed(key, '')))).toBe('verified')
  })

  test('ids beyond 2^53 keep all their digits', () => {
    const body =
      '{"event":"message","message_token":4912661846655238145,"update_id":9007199254740993}'
    const viber = expectVerified(verifierOf('viber')(signed('viber', body)))
    expect(viber.eventId).toEndWith('4912661846655238145')
    const telegram = expectVerified(verifierOf('telegram')(signed('telegram', body)))
    expect(telegram.eventId).toBe('9007199254740993')
  })
})
