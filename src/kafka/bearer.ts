import type { Mechanism } from 'kafkajs'
import { GatewayError } from '../faults/faults.ts'

/** Nothing of a broker's reason beyond this is kept: it may be anything. */
const REFUSAL_CHARS_MAX = 200

/**
 * SASL/OAUTHBEARER (RFC 7628). Not the one of kafkajs 2.2.4: that takes every answer for a success,
 * so that an expired token shows as a connection that the broker closes.
 *
 * @param token The token to log in with now.
 */
export function bearerMechanism(token: () => Promise<string>): Mechanism {
  return {
    mechanism: 'OAUTHBEARER',
    authenticationProvider: ({ host, port, saslAuthenticate }) => ({
      async authenticate() {
        const message = Buffer.from(`n,,\u0001auth=Bearer ${await token()}\u0001\u0001`)
        const refusal = await saslAuthenticate({
          request: { encode: () => withLength(message) },
          response: { decode: (answer) => answer, parse: refusalOf },
        })
        if (!refusal) return
        throw new GatewayError(
          'BROKER_UNAVAILABLE',
          `SASL OAUTHBEARER authentication failed at ${host}:${port}: ${refusal}`,
        )
      },
    }),
  }
}

function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(message.byteLength)
  return Buffer.concat([length, message])
}

/** What stands in the broker's answer: nothing, or JSON with a status, e.g. `invalid_token`. */
function refusalOf(answer: Buffer): string {
  // Its first four bytes are its length.
  const text = answer
    .subarray(4)
    .toString()
    .replaceAll(/[^ -~]/g, '')
  return text.trim().slice(0, REFUSAL_CHARS_MAX)
}
