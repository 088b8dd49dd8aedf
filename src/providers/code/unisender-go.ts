/**
 * Unisender Go hashes its body with the API key in the place of the hash: `{"auth":"<hash>",…}`.
 */
import { createHash } from 'node:crypto'
import { memberSlices } from '../../bytes/json-slices.ts'
import { equalDigests } from '../engine/hash.ts'
import { unproven, type CompileCode, type SignCode } from '../engine/scheme.ts'
import { secretKeys } from '../engine/secrets.ts'
import type { SecretForm } from '../schemes.ts'

export const UNISENDER_GO_SECRET: SecretForm = { from: 'utf8' }

const HASH = /^"([0-9a-f]{32})"$/

export const compileUnisenderGo: CompileCode = ({ secrets }) => {
  const keys = secretKeys(UNISENDER_GO_SECRET, secrets)
  return ({ delivery, data }) => {
    const isObject = typeof data === 'object' && data !== null && !Array.isArray(data)
    const split = isObject ? splitBody(delivery.body) : undefined
    if (split === undefined) {
      return unproven('missing_header', 'the body has no hash in auth')
    }
    let secretIndex: number | undefined
    for (const [index, key] of keys.entries()) {
      const digest = digestOf(split, key)
      const isEqual = equalDigests(digest, split.digest)
      secretIndex ??= isEqual ? index : undefined
    }
    return secretIndex === undefined
      ? unproven('mismatch', 'auth does not match the body')
      : { kind: 'proven', id: undefined, timestamp: undefined, secretIndex }
  }
}

export const signUnisenderGo: SignCode = ({ secret, body }) => {
  const [key = new Uint8Array()] = secretKeys(UNISENDER_GO_SECRET, [secret])
  const sample = JSON.parse(new TextDecoder().decode(body)) as object
  const write = (auth: string) => Buffer.from(JSON.stringify({ ...sample, auth }))
  const split = splitBody(write('0'.repeat(32)))
  return { body: split === undefined ? body : write(digestOf(split, key).toString('hex')) }
}

function digestOf({ before, after }: SplitBody, key: Uint8Array): Buffer {
  return createHash('md5').update(before).update(key).update(after).digest()
}

interface SplitBody {
  readonly digest: Uint8Array
  readonly before: Uint8Array
  readonly after: Uint8Array
}

/** The hash in a body that JSON.parse takes as an object, and the bytes around it. */
function splitBody(body: Uint8Array): SplitBody | undefined {
  const slice = memberSlices(body).get('auth')
  if (slice === undefined) return undefined
  const written = Buffer.from(body.subarray(slice.start, slice.end)).toString('latin1')
  const [, hex] = HASH.exec(written) ?? []
  if (hex === undefined) return undefined
  return {
    digest: Buffer.from(hex, 'hex'),
    // The quotes stay.
    before: body.subarray(0, slice.start + 1),
    after: body.subarray(slice.end - 1),
  }
}
