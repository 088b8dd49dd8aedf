/** MailChannels: an HTTP message signature over Content-Digest, by a key that it publishes. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { KeyPlace } from '../../key-place.ts'
import { unproven, type CompileCode } from '../engine/scheme.ts'
import { isDigestOf, isSignedBy, readHttpSignatures } from './http-signature.ts'

const DIGEST = 'content-digest'
const TOLERANCE_MS = 300_000
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/

export const compileMailchannels: CompileCode = ({ now, findKeys, source }) => {
  return ({ delivery }) => {
    const { headers, method, body } = delivery
    if (headers.get('signature') === null || headers.get(DIGEST) === null) {
      return unproven('missing_header', `signature or ${DIGEST} is missing`)
    }
    const signatures = readHttpSignatures({ method, headers, url: undefined })
    // It sends one. Which of several would count, the sender must not choose.
    const [signature, ...others] = signatures ?? []
    const keyId = signature?.keyId
    if (signature === undefined || others.length > 0 || keyId === undefined) {
      const detail = 'signature or signature-input does not have the expected form'
      return unproven('bad_encoding', detail)
    }
    if ((signature.algorithm ?? 'ed25519') !== 'ed25519') {
      return unproven('wrong_algorithm', 'alg is not ed25519')
    }
    if (!signature.covers.has(DIGEST) || signature.created === undefined) {
      const detail = `signature-input covers no ${DIGEST}, or no time`
      return unproven('mismatch', detail)
    }
    // Before a key is fetched: what is stale, or not of this body, is worth no call.
    if (Math.abs(now() - signature.created * 1000) > TOLERANCE_MS) {
      return unproven('stale', 'created is more than 300 s off')
    }
    if (!isDigestOf(headers.get(DIGEST) ?? '', body)) {
      return unproven('mismatch', `${DIGEST} does not match the body`)
    }
    const found = KEY_ID.test(keyId) ? findKeys(keyPlace(keyId, source)) : UNKNOWN
    if (found.kind === 'unknown') {
      return unproven('unknown_key', 'keyid names no key of MailChannels')
    }
    if (found.kind !== 'found') return found
    if (!found.keys.some((key) => isSignedBy(signature, key, 'ed25519'))) {
      return unproven('mismatch', 'signature does not match')
    }
    const timestamp = String(signature.created)
    return { kind: 'proven', id: undefined, timestamp, secretIndex: undefined }
  }
}

const UNKNOWN = { kind: 'unknown' } as const
const HOST = 'api.mailchannels.net'
const KeyDocument = z.object({ id: z.string(), key: z.string() })

function keyPlace(keyId: string, family: string): KeyPlace {
  const url = `https://${HOST}/tx/v1/webhook/public-key?id=${keyId}`
  return {
    id: url,
    family,
    call: { url, hosts: [HOST] },
    read({ status, body }) {
      if (status === 400 || status === 404) return undefined
      if (status !== 200) throw new Error(`status ${status}`)
      const { id, key } = KeyDocument.parse(JSON.parse(new TextDecoder().decode(body)))
      if (id !== keyId) throw new Error('another key was answered')
      return { keys: new Map([[id, importKey(key)]]), validUntil: undefined }
    },
  }
}

/** DER as base64, with or without the lines of PEM around it. */
function importKey(text: string): KeyObject {
  const der = Buffer.from(text.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64')
  return createPublicKey({ key: der, format: 'der', type: 'spki' })
}
