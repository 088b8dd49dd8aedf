/**
 * The engine against the plainest verifier one can write, over deliveries that were damaged at
 * random.
 */
import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { compileMessage, feed } from '../../src/providers/engine/message.ts'
import { parseTimestamp } from '../../src/providers/engine/timestamp.ts'
import { deliveryOf, NOW, outcomeOf, secretsOf, verifierOf } from './support.ts'

const SEED = 20_260_304
const RUNS = 2000

interface Parts {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/**
 * Whether a delivery is genuine: decided by making the one right value, and by nothing that the
 * engine uses.
 */
type Reference = (parts: Parts) => boolean

function mac(key: string | Uint8Array, pieces: readonly (string | Uint8Array)[]) {
  const hmac = createHmac('sha256', key)
  for (const piece of pieces) hmac.update(piece)
  return hmac
}

function isRecent(text: string): boolean {
  return /^[0-9]{1,12}$/.test(text) && Math.abs(Number(text) - NOW / 1000) <= 300
}

const secret = secretsOf('github').verify
const standardKey = Buffer.from(secretsOf('svix').verify.slice('whsec_'.length), 'base64')

const REFERENCES: Readonly<Record<string, Reference>> = {
  github: ({ headers, body }) => {
    const value = headers['x-hub-signature-256'] ?? ''
    return (
      value.startsWith('sha256=') &&
      value.slice(7).toLowerCase() === mac(secret, [body]).digest('hex')
    )
  },
  slack: ({ headers, body }) => {
    const at = headers['x-slack-request-timestamp'] ?? ''
    const value = headers['x-slack-signature'] ?? ''
    const expected = mac(secret, ['v0:', at, ':', body]).digest('hex')
    return isRecent(at) && value.startsWith('v0=') && value.slice(3).toLowerCase() === expected
  },
  svix: ({ headers, body }) => {
    const [id = '', at = ''] = [headers['svix-id'], headers['svix-timestamp']]
    const expected = `v1,${mac(standardKey, [id, '.', at, '.', body]).digest('base64')}`
    const found = (headers['svix-signature'] ?? '').split(' ')
    return id !== '' && !id.includes('.') && isRecent(at) && found.includes(expected)
  },
}

function genuine(key: string, body: Uint8Array, id: string): Parts {
  const at = String(NOW / 1000)
  switch (key) {
    case 'github':
      return {
        headers: { 'x-hub-signature-256': `sha256=${mac(secret, [body]).digest('hex')}` },
        body,
      }
    case 'slack': {
      const value = mac(secret, ['v0:', at, ':', body]).digest('hex')
      return {
        headers: { 'x-slack-request-timestamp': at, 'x-slack-signature': `v0=${value}` },
        body,
      }
    }
    default: {
      const value = mac(standardKey, [id, '.', at, '.', body]).digest('base64')
      return {
        headers: { 'svix-id': id, 'svix-timestamp': at, 'svix-signature': `v1,${value}` },
        body,
      }
    }
  }
}

/** One way to damage a text: cut, insert, replace or double a piece of it. */
const damage = fc
  .record({
    at: fc.nat(120),
    remove: fc.nat(3),
    insert: fc.oneof(
      fc.constantFrom('', '', '0', 'a', 'A', '=', ' ', ',', '.', 'v1,', 'sha256=', '\t'),
      fc.string({
        minLength: 0,
        maxLength: 3,
        unit: fc.constantFrom(...'0123456789abcdefABCDEF+/=., '.split('')),
      }),
    ),
  })
  .map(({ at, remove, insert }) => (text: string) => {
    const from = at % (text.length + 1)
    return text.slice(0, from) + insert + text.slice(from + remove)
  })

const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc.json().map((json) => new TextEncoder().encode(json)),
)

describe(`with seed ${SEED}`, () => {
  test.each(Object.keys(REFERENCES))('%s: engine and reference agree on every delivery', (key) => {
    const reference = REFERENCES[key]
    const verify = verifierOf(key, { secrets: [key === 'svix' ? secretsOf(key).verify : secret] })
    let taken = 0
    const property = fc.property(
      bodies,
      fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(...'msg_019-'.split('')) }),
      fc.option(fc.tuple(fc.nat(3), damage), { freq: 4 }),
      fc.boolean(),
      (body, id, change, upperCase) => {
        const parts = genuine(key, body, id)
        const headers = { ...parts.headers }
        let damaged = parts.body
        const names = Object.keys(headers)
        if (change !== null) {
          const [which, apply] = change
          const name = names[which]
          if (name === undefined)
            damaged = Buffer.from(apply(Buffer.from(body).toString('latin1')), 'latin1')
          else headers[name] = apply(headers[name] ?? '').trim()
        }
        if (upperCase) {
          const last = names.at(-1) ?? ''
          headers[last] = (headers[last] ?? '').toUpperCase()
        }
        const outcome = outcomeOf(verify(deliveryOf(damaged, headers)))
        const expected = reference?.({ headers, body: damaged }) === true
        if (expected) taken++
        expect(outcome === 'verified').toBe(expected)
      },
    )
    fc.assert(property, { seed: SEED, numRuns: RUNS })
    // Both verdicts must have been put to the test.
    expect(taken).toBeGreaterThan(RUNS / 20)
    expect(taken).toBeLessThan(RUNS - RUNS / 20)
  })

  test('a message is its template with each part put in once', () => {
    const template = fc.array(fc.constantFrom('{id}', '{ts}', '{body}', '.', ':', 'v0'), {
      minLength: 1,
    })
    const text = fc.oneof(fc.string(), fc.constantFrom('{body}', '$&', '{ts}{id}'))
    const property = fc.property(template, text, text, text, (pieces, id, timestamp, body) => {
      const seen: Buffer[] = []
      const request = { delivery: deliveryOf(body, {}), data: undefined }
      const make = compileMessage(pieces.join(''), { config: {}, url: undefined })
      const message = make({ request, id, timestamp })
      // An id that contains what follows it is refused: the text could be cut in two ways.
      if ('kind' in message) return
      feed(message, { update: (data) => seen.push(Buffer.from(data)) })
      const values = new Map([
        ['{id}', id],
        ['{ts}', timestamp],
        ['{body}', body],
      ])
      const expected = pieces.map((piece) => values.get(piece) ?? piece).join('')
      expect(Buffer.concat(seen).toString('latin1')).toBe(Buffer.from(expected).toString('latin1'))
    })
    fc.assert(property, { seed: SEED, numRuns: RUNS })
  })

  test('a timestamp is read only where it is the digits that its number has', () => {
    const property = fc.property(fc.oneof(fc.string(), fc.nat().map(String)), (text) => {
      const at = parseTimestamp(text, 'ms')
      if (at !== undefined) expect(text.padStart(15, '0')).toBe(String(at).padStart(15, '0'))
      else expect(/^\d{1,15}$/.test(text)).toBe(false)
    })
    fc.assert(property, { seed: SEED, numRuns: RUNS })
  })
})
