import { createHash, createHmac } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import { compileTwilio } from '../../../src/providers/code/twilio.ts'
import { judge, sent, unnoticedFlips } from './support.ts'

/** The example of twilio/twilio-python, tests/unit/test_request_validator.py. */
const URL_OF_EXAMPLE = 'https://mycompany.com/myapp.php'
const QUERY = '?foo=1&bar=2'
const BODY =
  'CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212' +
  '&Caller=%2B14158675309'
const HEADERS = { 'x-twilio-signature': 'RSOYDt4T1cUTdK1PDd93/VVr8B8=' }
const options = { secrets: ['12345'], url: URL_OF_EXAMPLE }
const takes = judge(compileTwilio, options)

function signatureOf(text: string) {
  return { 'x-twilio-signature': createHmac('sha1', '12345').update(text).digest('base64') }
}

test('the published request is taken, and with no flipped bit', () => {
  expect(takes(sent(BODY, HEADERS, QUERY))).toBe('proven')
  expect(
    unnoticedFlips(takes, sent(BODY, HEADERS, QUERY)).filter((each) => !each.includes('%')),
  ).toEqual([])
  expect(takes(sent(BODY, HEADERS))).toBe('mismatch')
  expect(takes(sent(BODY, HEADERS, QUERY.replace('foo', 'fo')))).toBe('mismatch')
})

describe('the port', () => {
  test.each([
    ['https://mycompany.com/app', 'https://mycompany.com:443/app'],
    ['https://mycompany.com:8443/app', 'https://mycompany.com:8443/app'],
    ['https://mycompany.com:8443/app', 'https://mycompany.com/app'],
    ['http://mycompany.com/app', 'http://mycompany.com:80/app'],
  ])('of %s is taken as in %s', (url, signed) => {
    const delivery = sent('a=1', signatureOf(`${signed}a1`))
    expect(judge(compileTwilio, { ...options, url })(delivery)).toBe('proven')
  })

  test('of another one is not', () => {
    const delivery = sent('a=1', signatureOf(`${URL_OF_EXAMPLE.replace('.com', '.com:444')}a1`))
    expect(takes(delivery)).toBe('mismatch')
  })
})

test('fields are sorted, and each value of a name counts once', () => {
  const delivery = sent('b=2&a=2&a=1&a=2&c=', signatureOf(`${URL_OF_EXAMPLE}a1a2b2c`))
  expect(takes(delivery)).toBe('proven')
})

describe('a JSON body', () => {
  const body = '{"a":"b"}'
  const digest = createHash('sha256').update(body).digest('hex')
  const query = `?bodySHA256=${digest}`

  test('is bound by its digest in the query', () => {
    const delivery = sent(body, signatureOf(URL_OF_EXAMPLE + query), query)
    expect(takes(delivery)).toBe('proven')
    expect(unnoticedFlips(takes, delivery)).toEqual([])
  })

  test('without the digest is refused: the signature would be a token for any body', () => {
    expect(takes(sent(body, signatureOf(URL_OF_EXAMPLE)))).toBe('mismatch')
    const twice = `${query}&bodySHA256=${digest}`
    expect(takes(sent(body, signatureOf(URL_OF_EXAMPLE + twice), twice))).toBe('bad_encoding')
  })
})
