import { Buffer } from 'node:buffer'
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { GatewayError } from '../../faults/faults.ts'
import { decodeStrictly } from '../engine/decode.ts'

/** What stands before a raw ed25519 seed in its DER form (RFC 8410). */
const ED25519_DER = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * Imports the private half of a pair: PEM, its DER as base64, or `whsk_…` as Standard Webhooks
 * write it. Undefined where it is none.
 */
export function readPrivateKey(secret: string): KeyObject | undefined {
  try {
    if (secret.startsWith('-----BEGIN ')) return createPrivateKey(secret)
    const bytes = decodeStrictly(secret.replace(/^whsk_/, ''), 'base64')
    if (bytes === undefined) return undefined
    // The seed, then the public key, which the seed implies.
    const der = secret.startsWith('whsk_')
      ? Buffer.concat([ED25519_DER, bytes.subarray(0, 32)])
      : Buffer.from(bytes)
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } catch {
    return undefined
  }
}

/** @throws GatewayError CONFIG_INVALID where a secret is no private key. */
export function privateKey(secret: string): KeyObject {
  const key = readPrivateKey(secret)
  if (key !== undefined) return key
  throw new GatewayError('CONFIG_INVALID', 'a public key cannot sign: give the private one as PEM')
}
