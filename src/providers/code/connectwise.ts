/** ConnectWise signs the body with a key that stands at an address in the body. */
import { createSecretKey } from 'node:crypto'
import { z } from 'zod'
import { GatewayError, messageOf } from '../../faults/faults.ts'
import type { KeyPlace } from '../../key-place.ts'
import { allowedUrl } from '../../outbound-call.ts'
import { plainHasher } from '../../bytes/hashing.ts'
import { compilePath } from '../engine/reference.ts'
import { unproven, type CompileCode } from '../engine/scheme.ts'
import { decodeSignature } from '../engine/signatures.ts'
import { macMatcher } from './mac.ts'

const SIGNATURE = 'x-content-signature'
const HOSTS = ['*.myconnectwise.net']
const readKeyUrl = compilePath('Metadata.key_url')

export const compileConnectwise: CompileCode = ({ config, findKeys, source }) => {
  const ours = readOurs(config['key_url'] ?? '')
  return ({ delivery, data }) => {
    const written = readKeyUrl(data)
    // As it will be called: the dots in `ours/../theirs` lead out of the part that was compared.
    const url = typeof written === 'string' ? URL.parse(written)?.href : undefined
    const signature = decodeSignature(delivery.headers.get(SIGNATURE) ?? '', 'base64')
    if (signature === undefined) return unproven('bad_encoding', `${SIGNATURE} is not base64`)
    // Whoever has an account there has a key at such an address: only ours proves anything.
    if (url?.startsWith(ours) !== true) {
      return unproven('unknown_key', 'Metadata.key_url is not the configured key_url')
    }
    const found = findKeys(keyPlace(url, source))
    if (found.kind === 'unknown') return unproven('unknown_key', 'there is no key there')
    if (found.kind !== 'found') return found
    const keys = found.keys.map((key) => {
      const hasher = plainHasher('sha256')
      hasher.update(key.export())
      return hasher.digest()
    })
    return macMatcher('sha256', keys)([delivery.body], [signature]) === undefined
      ? unproven('mismatch', `${SIGNATURE} does not match the body`)
      : { kind: 'proven', id: undefined, timestamp: undefined, secretIndex: undefined }
  }
}

function readOurs(text: string): string {
  try {
    return allowedUrl({ url: text, hosts: HOSTS }).href
  } catch (error) {
    throw new GatewayError('CONFIG_INVALID', `key_url: ${messageOf(error)}`)
  }
}

const KeyDocument = z.object({ signing_key: z.string().min(1) })

function keyPlace(url: string, family: string): KeyPlace {
  return {
    id: url,
    family,
    call: { url, hosts: HOSTS },
    read({ status, body }) {
      if (status === 404) return undefined
      if (status !== 200) throw new Error(`status ${status}`)
      const document = KeyDocument.parse(JSON.parse(new TextDecoder().decode(body)))
      const key = createSecretKey(Buffer.from(document.signing_key))
      return { keys: new Map([[url, key]]), validUntil: undefined }
    },
  }
}
