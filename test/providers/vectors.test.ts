/** Deliveries that providers have published with their signatures. */
import { describe, expect, test } from 'bun:test'
import type { Delivery } from '../../src/delivery.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { deliveryOf, outcomeOf, rowOf, verifierOf, withBody, wrongSecret } from './support.ts'
import { readVectors, type Vector } from './vectors.ts'

interface Tried {
  readonly secrets?: readonly string[]
  readonly body?: string | Uint8Array
}

/** What becomes of a vector, as it is or changed. */
function outcome(vector: Vector & { readonly provider: string }, tried: Tried = {}): string {
  const { provider, config, now, secrets } = vector
  const delivery = deliver(vector)
  try {
    const verify = verifierOf(provider, {
      secrets: tried.secrets ?? secrets,
      ...(config === undefined ? {} : { config }),
      url: delivery.url.split('?')[0],
      now: () => now,
    })
    return outcomeOf(verify(tried.body === undefined ? delivery : withBody(delivery, tried.body)))
  } catch (error) {
    if (error instanceof GatewayError) return error.code
    throw error
  }
}

function deliver({ body, headers, url }: Vector): Delivery {
  const delivery = deliveryOf(body, headers)
  return url === undefined ? delivery : { ...delivery, url }
}

/** Mailomat signs three headers, and Adyen some fields of each item: not the body. */
function signsBody(provider: string): boolean {
  if (provider === 'adyen') return false
  return rowOf(provider).schemes.every(
    (scheme) => !('signed' in scheme) || /body|form/i.test(scheme.signed),
  )
}

const REFUSED = /^(?:SIGNATURE_[A-Z]+|CONFIG_INVALID)$/
const TAKEN = /^(?:verified|batch)$/

describe.each(
  readVectors().map((vector) => [`${vector.provider}: ${vector.name}`, vector] as const),
)('%s', (_, vector) => {
  if (vector.expect === 'reject') {
    test('is refused', () => {
      expect(outcome(vector)).toMatch(REFUSED)
    })
    return
  }

  test('is taken', () => {
    expect(outcome(vector)).toMatch(TAKEN)
  })

  test('is refused with a wrong secret', () => {
    expect(outcome(vector, { secrets: vector.secrets.map(wrongSecret) })).toMatch(REFUSED)
  })

  if (!signsBody(vector.provider)) return

  test('is refused with one bit of the body changed', () => {
    const { length } = deliver(vector).body
    const places = length === 0 ? [] : [0, Math.floor(length / 2), length - 1]
    for (const at of places) {
      const body = Uint8Array.from(deliver(vector).body)
      body[at] = (body[at] ?? 0) ^ 1
      expect(outcome(vector, { body })).toMatch(REFUSED)
    }
  })

  test('is refused with a byte more and a byte less', () => {
    for (const body of [`${vector.body}\n`, vector.body.slice(0, -1)]) {
      if (body !== vector.body) expect(outcome(vector, { body })).toMatch(REFUSED)
    }
  })
})
