/** How probes are recognised, checked and answered, on a row of our own. */
import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import type { Handshake, Verdict } from '../../src/delivery.ts'
import { HANDSHAKE_BYTES_MAX, HANDSHAKE_CHARS_MAX } from '../../src/limits/limits.ts'
import type { HandshakeRule } from '../../src/providers/answers.ts'
import type { ProviderRow } from '../../src/providers/row.ts'
import { compileVerifier } from '../../src/providers/verifier.ts'
import { deliveryOf, NOW, outcomeOf, rowOf, secretsOf, signed } from './support.ts'

const SECRET = secretsOf('github').verify

/** GitHub's row with probes of ours. */
function probing(...handshakes: readonly HandshakeRule[]): ProviderRow {
  const config = { verify_token: { default: '', description: 'As at the provider.' } }
  return { ...rowOf('github'), handshakes: [...handshakes], config }
}

interface Ask {
  readonly method?: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly config?: Readonly<Record<string, string>>
}

function ask(
  row: ProviderRow,
  { method = 'POST', query = '', headers = {}, ...rest }: Ask,
): Verdict {
  const { body = '', config = {} } = rest
  const verify = compileVerifier(row, { secrets: [SECRET], config, now: () => NOW })
  const delivery = deliveryOf(body, headers)
  return verify({ ...delivery, method, url: `${delivery.url}${query}` })
}

function answerOf(verdict: Verdict): Handshake['answer'] {
  if (verdict.kind === 'handshake') return verdict.answer
  throw new Error(`no probe: ${JSON.stringify(verdict)}`)
}

const challenge: HandshakeRule = {
  name: 'challenge',
  when: { method: 'GET', present: ['query:challenge'] },
  respond: { status: 200, text: '{query:challenge}' },
}

describe('a probe', () => {
  test('is answered as plain text, or as JSON whose values are escaped', () => {
    const json = { ...challenge, respond: { status: 200, json: { a: '{query:challenge}', n: 1 } } }
    const query = `?challenge=${encodeURIComponent('"},<é>')}`

    expect(answerOf(ask(probing(challenge), { method: 'GET', query }))).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: '"},<é>',
    })
    expect(answerOf(ask(probing(json), { method: 'GET', query }))).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"a":"\\"},<é>","n":1}',
    })
  })

  test('is only the request with its method, and never an event', () => {
    const row = probing(challenge)
    expect(outcomeOf(ask(row, { query: '?challenge=a' }))).toBe('SIGNATURE_MISSING')
    expect(outcomeOf(ask(row, { method: 'HEAD', query: '?challenge=a' }))).toBe(
      'METHOD_NOT_ALLOWED',
    )
    expect(outcomeOf(ask(row, { method: 'GET' }))).toBe('METHOD_NOT_ALLOWED')
  })

  test('is not answered with what is long, empty or has control characters', () => {
    for (const value of ['x'.repeat(HANDSHAKE_CHARS_MAX + 1), '', '%0d%0aset-cookie:a', '%00']) {
      const asked = ask(probing(challenge), { method: 'GET', query: `?challenge=${value}` })
      expect(outcomeOf(asked)).toBe('REQUEST_MALFORMED')
    }
  })

  test('never puts into a header what is beyond ASCII', () => {
    const rule = { ...challenge, respond: { status: 200, headers: { a: '{query:challenge}' } } }
    const asked = ask(probing(rule), { method: 'GET', query: '?challenge=%C3%A9' })
    expect(outcomeOf(asked)).toBe('REQUEST_MALFORMED')
  })

  test('that has to show what is configured is refused where it does not', () => {
    const rule: HandshakeRule = {
      ...challenge,
      check: [{ value: 'query:token', equals: '{config:verify_token}' }],
    }
    const config = { verify_token: 'of-mine' }
    const asked = (token: string, set = config) =>
      outcomeOf(
        ask(probing(rule), { method: 'GET', query: `?challenge=a&token=${token}`, config: set }),
      )
    expect(asked('of-mine')).toBe('handshake')
    expect(asked('of-min')).toBe('HANDSHAKE_REFUSED')
    expect(asked('of-mine-')).toBe('HANDSHAKE_REFUSED')
    expect(asked('')).toBe('HANDSHAKE_REFUSED')
    // What is not configured is matched by nothing.
    expect(asked('', { verify_token: '' })).toBe('HANDSHAKE_REFUSED')
  })

  test('without proof is answered only where the provider sends it so', () => {
    const when = { equals: { 'json:type': 'ping' } } as const
    const respond = { status: 204 }
    const body = '{"type":"ping"}'
    const unsigned = probing({ name: 'ping', when, unsigned: true, respond })

    expect(answerOf(ask(unsigned, { body })).status).toBe(204)
    expect(outcomeOf(ask(probing({ name: 'ping', when, respond }), { body }))).toBe(
      'SIGNATURE_MISSING',
    )
    // One that is signed stays so beside one that is not.
    const signedOne = {
      name: 'signed',
      when: { equals: { 'json:type': 'push' } },
      respond,
    } as const
    const both = probing({ name: 'ping', when, unsigned: true, respond }, signedOne)
    expect(outcomeOf(ask(both, { body: '{"type":"push"}' }))).toBe('SIGNATURE_MISSING')
    // A forged event is no probe, and a long body is not even read.
    expect(outcomeOf(ask(unsigned, { body: '{"type":"push"}' }))).toBe('SIGNATURE_MISSING')
    const long = `{"type":"ping","a":"${'x'.repeat(HANDSHAKE_BYTES_MAX)}"}`
    expect(outcomeOf(ask(unsigned, { body: long }))).toBe('SIGNATURE_MISSING')
    expect(outcomeOf(ask(unsigned, { body: 'not JSON' }))).toBe('SIGNATURE_MISSING')
  })

  test('is answered with the MAC of a token, and never with that of a body', () => {
    const mac: HandshakeRule = {
      name: 'crc',
      when: { method: 'GET', present: ['query:crc'] },
      respond: { status: 200, text: 'sha256={hmacHex:query:crc}' },
    }
    const expected = createHmac('sha256', SECRET).update('Token-1_==').digest('hex')
    const crc = (text: string) =>
      ask(probing(mac), { method: 'GET', query: `?crc=${encodeURIComponent(text)}` })

    expect(answerOf(crc('Token-1_==')).body).toBe(`sha256=${expected}`)
    for (const forged of ['{"ref":"main"}', '[]', 'a=b&c=d', 'a b', 'payload%3D']) {
      expect(outcomeOf(crc(forged))).toBe('REQUEST_MALFORMED')
    }
  })

  test('with the secret in it is answered with that, and the secret is handed on', () => {
    const rule: HandshakeRule = {
      name: 'hook secret',
      when: { present: ['header:x-hook-secret'] },
      unsigned: true,
      learn: 'header:x-hook-secret',
      respond: { status: 200, headers: { 'x-hook-secret': '{header:x-hook-secret}' } },
    }
    const verify = compileVerifier(probing(rule), { secrets: [], now: () => NOW })

    expect(verify(deliveryOf('', { 'x-hook-secret': 'learnt-secret' }))).toEqual({
      kind: 'handshake',
      name: 'hook secret',
      answer: { status: 200, headers: { 'x-hook-secret': 'learnt-secret' }, body: null },
      learn: 'learnt-secret',
    })
    // Before the first secret nothing else is taken.
    expect(outcomeOf(verify(signed('github', '{}')))).toBe('SECRET_NOT_LEARNT')
  })
})

describe('a stored delivery', () => {
  test('is answered by the first demand that holds', () => {
    const row: ProviderRow = {
      ...rowOf('github'),
      ack: {
        ...rowOf('github').ack,
        taken: [
          { when: { equals: { 'json:type': 3 } }, respond: { status: 200, json: { type: 6 } } },
          { respond: { status: 204 } },
        ],
        refused: 403,
      },
    }
    const verify = compileVerifier(row, { secrets: [SECRET], now: () => NOW })

    expect(verify(signed('github', '{"type":3}'))).toMatchObject({
      answer: { status: 200, body: '{"type":6}' },
    })
    expect(verify(signed('github', '{}'))).toMatchObject({ answer: { status: 204, body: null } })
    expect(verify(deliveryOf('{}', {}))).toMatchObject({ code: 'SIGNATURE_MISSING', status: 403 })
  })
})
