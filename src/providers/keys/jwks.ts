import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { KeyPlace } from '../../key-place.ts'
import { KEYS_PER_SET_MAX, RSA_BITS_MIN, RSA_EXPONENT_MIN } from '../../limits/limits.ts'

const KeySetDocument = z.object({ keys: z.array(z.unknown()) })

/** A key to verify with. */
const SigningKey = z.looseObject({
  kid: z.string().exactOptional(),
  kty: z.string(),
  use: z.literal('sig').exactOptional(),
})

/** A JSON Web Key Set (RFC 7517) at an address that the catalogue knows. */
export function jwksPlace(url: string, family: string): KeyPlace {
  return {
    id: url,
    family,
    call: { url, hosts: [new URL(url).host] },
    read({ status, body }) {
      if (status !== 200) throw new Error(`status ${status}`)
      const keys = readKeySet(JSON.parse(new TextDecoder().decode(body)))
      if (keys.size === 0) throw new Error('no key of a known kind')
      return { keys, validUntil: undefined }
    },
  }
}

/**
 * The keys of a set that signatures can be verified with. Others, and what is no key, are passed
 * over, as the RFC wants it: one odd member must not take away the rest. One without an id is found
 * only where all are asked for.
 */
function readKeySet(document: unknown): ReadonlyMap<string, KeyObject> {
  const keys = new Map<string, KeyObject>()
  const listed = KeySetDocument.parse(document).keys.slice(0, KEYS_PER_SET_MAX)
  for (const [index, member] of listed.entries()) {
    const { data: jwk } = SigningKey.safeParse(member)
    const key = jwk === undefined ? undefined : importJwk(jwk)
    if (key !== undefined) keys.set(jwk?.kid ?? `without an id, ${index}`, key)
  }
  return keys
}

/** A public key; undefined where it is of no kind to verify with, or too short. */
export function importJwk(jwk: JsonWebKeyInput['key']): KeyObject | undefined {
  try {
    // A secret one (`oct`) is refused here: whoever publishes it, it is no key of a provider.
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    return isStrong(key) ? key : undefined
  } catch {
    return undefined
  }
}

/** Only RSA keys can be weak: short, or with the exponent 1, by which everything signs itself. */
function isStrong({ asymmetricKeyDetails: details }: KeyObject): boolean {
  const { modulusLength = RSA_BITS_MIN, publicExponent = RSA_EXPONENT_MIN } = details ?? {}
  return modulusLength >= RSA_BITS_MIN && publicExponent >= RSA_EXPONENT_MIN
}
