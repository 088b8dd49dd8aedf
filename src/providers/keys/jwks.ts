import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { KeyPlace } from '../../key-place.ts'
import { KEYS_PER_SET_MAX, RSA_BITS_MIN } from '../../limits.ts'

const KeySetDocument = z.object({
  keys: z.array(
    z.looseObject({
      kid: z.string().exactOptional(),
      kty: z.string(),
      use: z.string().exactOptional(),
    }),
  ),
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
 * The keys of a set that signatures can be verified with. Those of other kinds are passed over, as
 * the RFC demands; one without an id is found only where all are asked for.
 */
function readKeySet(document: unknown): ReadonlyMap<string, KeyObject> {
  const keys = new Map<string, KeyObject>()
  const listed = KeySetDocument.parse(document).keys.slice(0, KEYS_PER_SET_MAX)
  for (const [index, jwk] of listed.entries()) {
    const key = jwk.use === undefined || jwk.use === 'sig' ? importJwk(jwk) : undefined
    if (key !== undefined) keys.set(jwk.kid ?? `without an id, ${index}`, key)
  }
  return keys
}

/** A public key; undefined where it is of no kind to verify with, or too short. */
export function importJwk(jwk: JsonWebKeyInput['key']): KeyObject | undefined {
  try {
    // A secret one (`oct`) is refused here: whoever publishes it, it is no key of a provider.
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const bits = key.asymmetricKeyDetails?.modulusLength
    return bits !== undefined && bits < RSA_BITS_MIN ? undefined : key
  } catch {
    return undefined
  }
}
