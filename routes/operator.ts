import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether a request on the admin port may see more than whether the gateway is well. */
export type IsOperator = (headers: Headers) => boolean

/**
 * Checks INLET_ADMIN_TOKEN, sent as `Authorization: Bearer <token>`. Without a token the port is on
 * loopback, and who reaches it may see everything.
 */
export function operatorCheck(token: string | undefined): IsOperator {
  if (token === undefined) return () => true
  const expected = hash(token)
  return (headers) => {
    const [, given] = /^bearer +(.+)$/i.exec(headers.get('authorization') ?? '') ?? []
    return given !== undefined && timingSafeEqual(hash(given), expected)
  }
}

/** Hashes have one length, whatever was sent: that makes the comparison constant in time. */
function hash(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}
