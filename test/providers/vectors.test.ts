/** Deliveries that providers have published with their signatures. */
import { describe, expect, test } from 'bun:test'
import { compileVerifier } from '../../src/providers/verifier.ts'
import { deliveryOf, outcomeOf, rowOf, withBody } from './support.ts'
import vectors from './vectors.json' with { type: 'json' }

type Vector = (typeof vectors)[number]

function verify(vector: Vector, secrets: readonly string[], delivery = deliver(vector)) {
  const config: Record<string, string> = { ...vector.config }
  const verifier = compileVerifier(rowOf(vector.provider), {
    secrets,
    config,
    now: () => vector.now,
  })
  return outcomeOf(verifier(delivery))
}

function deliver(vector: Vector) {
  const headers: Record<string, string> = { ...vector.headers }
  return deliveryOf(vector.body, headers)
}

/** A secret of the same form that is not the right one. */
function wrongSecret(secret: string): string {
  const last = Math.max(0, secret.replace(/=+$/, '').length - 5)
  return secret.slice(0, last) + (secret[last] === 'A' ? 'B' : 'A') + secret.slice(last + 1)
}

describe.each(vectors.map((vector) => [`${vector.provider}: ${vector.name}`, vector] as const))(
  '%s',
  (_, vector) => {
    if (vector.expect === 'reject') {
      test('is refused', () => {
        expect(verify(vector, vector.secrets)).toStartWith('SIGNATURE_')
      })
      return
    }

    test('is taken', () => {
      expect(verify(vector, vector.secrets)).toBe('verified')
    })

    test('is refused with one bit of the body changed', () => {
      const delivery = deliver(vector)
      for (const at of [0, Math.floor(delivery.body.length / 2), delivery.body.length - 1]) {
        const body = Uint8Array.from(delivery.body)
        body[at] = (body[at] ?? 0) ^ 1
        expect(verify(vector, vector.secrets, withBody(delivery, body))).toBe('SIGNATURE_MISMATCH')
      }
    })

    test('is refused with a byte more and a byte less', () => {
      const delivery = deliver(vector)
      for (const body of [`${vector.body}\n`, vector.body.slice(0, -1)]) {
        expect(verify(vector, vector.secrets, withBody(delivery, body))).toBe('SIGNATURE_MISMATCH')
      }
    })

    test('is refused with a wrong secret', () => {
      expect(verify(vector, vector.secrets.map(wrongSecret))).toBe('SIGNATURE_MISMATCH')
    })
  },
)
