/**
 * What other people's code signs is taken, and what is signed here is taken by it; with one bit
 * flipped, by neither.
 */
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { systemClock } from '../../src/clock.ts'
import type { Delivery } from '../../src/delivery.ts'
import { sampleEvents, signSample } from '../../src/providers/sign.ts'
import { INDEPENDENT, type Independent } from './independent.ts'
import {
  configOf,
  deliveryOf,
  outcomeOf,
  rowOf,
  sampleDelivery,
  secretsOf,
  signed,
  URL,
  verifierOf,
  withBody,
  wrongSecret,
} from './support.ts'

const SEED = 20_260_304
// The libraries compare with the machine's clock.
const now = systemClock.now()

/** Texts at which some implementation has stumbled. */
const AWKWARD = [
  '',
  'ünïcode ✓ 🚢',
  '$& $1 $$ {ts} {body}',
  'a\r\nb\r\n',
  'a\0b',
  '\\ud800 alone',
  '{"__proto__":{"admin":true}}',
]
const JSON_AWKWARD = AWKWARD.map((text) => JSON.stringify({ text, update_id: 1, event: 'x' }))
const LARGE = JSON.stringify({ text: 'x'.repeat(1024 * 1024) })

function bodies({ needsJson, provider }: Independent): readonly string[] {
  const options = { seed: SEED, numRuns: 20 }
  const objects = fc.record({
    id: fc.string(),
    n: fc.integer(),
    text: fc.string({ unit: 'grapheme' }),
  })
  const documents = fc.sample(objects, options).map((value) => JSON.stringify(value))
  if (needsJson === true) return [...JSON_AWKWARD, ...documents]
  const texts = [...AWKWARD, ...fc.sample(fc.string({ unit: 'grapheme' }), options)]
  // These refuse an empty body.
  const usable = ['sanity', 'github'].includes(provider)
    ? texts.filter((text) => text !== '')
    : texts
  return [...usable, ...JSON_AWKWARD, ...documents, LARGE]
}

/** One bit of the body that is another one. */
function flipBody(delivery: Delivery, index: number): Delivery {
  const body = Uint8Array.from(delivery.body)
  const at = (index * 7919) % body.length
  body[at] = (body[at] ?? 0) ^ (1 << (index % 8))
  return withBody(delivery, body)
}

/** The lowest bit of one character in each of these headers, one header at a time. */
function flipHeaders(delivery: Delivery, names: readonly string[], index: number): Delivery[] {
  return names.map((name) => {
    const value = delivery.headers.get(name) ?? ''
    const at = (index * 7919) % value.length
    const code = value.charCodeAt(at) ^ 1
    const headers = new Headers(delivery.headers)
    headers.set(name, value.slice(0, at) + String.fromCharCode(code) + value.slice(at + 1))
    return { ...delivery, headers }
  })
}

const names = INDEPENDENT.map((each) => [`${each.provider} and ${each.library}`, each] as const)

describe.each(names.filter(([, { sign }]) => sign !== undefined))('%s', (_, each) => {
  const secret = secretsOf(each.provider).sign
  const verify = verifierOf(each.provider, { now: () => now })

  test('what it signs is taken, and with no flipped bit', async () => {
    for (const [index, body] of bodies(each).entries()) {
      const headers = (await each.sign?.({ body, secret, now })) ?? {}
      const delivery = deliveryOf(body, headers)
      expect(verify(delivery).kind).not.toBe('refused')
      const flipped = flipHeaders(delivery, Object.keys(headers), index)
      if (delivery.body.length > 0) flipped.push(flipBody(delivery, index))
      for (const one of flipped) expect(outcomeOf(verify(one))).toStartWith('SIGNATURE_')
    }
  })

  test('either of two secrets will do, and no other', async () => {
    const other = wrongSecret(secret)
    const headers = (await each.sign?.({ body: '{"id":"a"}', secret, now })) ?? {}
    const delivery = deliveryOf('{"id":"a"}', headers)
    const taken = (secrets: readonly string[]) =>
      outcomeOf(verifierOf(each.provider, { secrets, now: () => now })(delivery))
    expect(taken([secret, other])).toBe('verified')
    expect(taken([other, secret])).toBe('verified')
    expect(taken([other])).toBe('SIGNATURE_MISMATCH')
  })
})

describe.each(names.filter(([, { verify }]) => verify !== undefined))('%s', (_, each) => {
  const { provider } = each
  const row = rowOf(provider)
  const { sign: signing, verify: secret } = secretsOf(provider)
  const theirs = async ({ headers, body }: Delivery): Promise<boolean> => {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
    const given = { headers: Object.fromEntries(headers), body: text, secret }
    try {
      return (await each.verify?.(given)) !== false
    } catch {
      return false
    }
  }

  test('it takes what is signed here', async () => {
    for (const body of bodies(each)) {
      if (body === LARGE) continue
      const delivery = signed(provider, body, { now })
      expect({ body, isTaken: await theirs(delivery) }).toEqual({ body, isTaken: true })
    }
  })

  test('it takes the samples, and none of another secret', async () => {
    for (const type of sampleEvents(row)) {
      const options = { type, eventId: 'evt-1', now, config: configOf(row), url: URL }
      const sample = signSample(row, { ...options, secret: signing })
      expect(await theirs(sampleDelivery(sample))).toBe(true)
      if (signing !== secret) continue
      const other = wrongSecret(secret)
      const forged = signSample(row, { ...options, secret: other })
      expect(await theirs(sampleDelivery(forged))).toBe(false)
    }
  })
})
