import { Buffer } from 'node:buffer'

/** Undefined where a text is not all of this encoding. */
export function decodeStrictly(text: string, encoding: 'base64' | 'hex'): Uint8Array | undefined {
  if (encoding === 'hex') {
    return /^(?:[0-9a-fA-F]{2})*$/.test(text) ? Buffer.from(text, 'hex') : undefined
  }
  // Padding is optional, because people lose it when they copy; anything else that is not base64 is
  // a mistake.
  const digits = text.replace(/={1,2}$/, '')
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) return undefined
  return Buffer.from(digits, 'base64')
}
