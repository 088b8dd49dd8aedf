/**
 * Twilio signs the URL, and all fields of a form or the digest of another body that stands in the
 * URL's query. Its own library tries the URL with and without the port, because Twilio has no rule.
 */
import { digestOf } from '../../bytes/hashing.ts'
import { equalDigests } from '../engine/hash.ts'
import { unproven, type CompileCode, type SignCode } from '../engine/scheme.ts'
import { secretKeys } from '../engine/secrets.ts'
import { decodeSignature } from '../engine/signatures.ts'
import type { SecretForm } from '../schemes.ts'
import { macMatcher, macOf } from './mac.ts'
import { readForm } from '../engine/form.ts'
import { compileUrl } from './registered-url.ts'

export const TWILIO_SECRET: SecretForm = { from: 'utf8' }

const SIGNATURE = 'x-twilio-signature'
const BODY_DIGEST = 'bodySHA256'

export const compileTwilio: CompileCode = ({ secrets, url }) => {
  const addressed = compileUrl(url)
  const matches = macMatcher('sha1', secretKeys(TWILIO_SECRET, secrets))
  return ({ delivery }) => {
    const { headers, body } = delivery
    const address = addressed(delivery)
    const signature = decodeSignature(headers.get(SIGNATURE) ?? '', 'base64')
    const fields = signedFields(address, body)
    if (signature === undefined || fields === undefined) {
      const detail = `${SIGNATURE} is not base64, or the body neither a form nor of ${BODY_DIGEST}`
      return unproven('bad_encoding', detail)
    }
    let secretIndex: number | undefined
    for (const variant of urlVariants(address)) {
      const matched = matches([variant, fields], [signature])
      secretIndex ??= matched
    }
    return secretIndex === undefined
      ? unproven('mismatch', `${SIGNATURE} does not match`)
      : { kind: 'proven', id: undefined, timestamp: undefined, secretIndex }
  }
}

/**
 * What is signed of the body beside the URL; undefined where it would be nothing, and the signature
 * good for any body: then it is only a token in a header.
 */
function signedFields(url: URL, body: Uint8Array): string | undefined {
  const digests = url.searchParams.getAll(BODY_DIGEST)
  if (digests.length === 0) {
    const form = readForm(body)
    return form === undefined ? undefined : sortedFields(form)
  }
  const [digest] = digests.map((each) => decodeSignature(each, 'hex'))
  const isBound =
    digests.length === 1 && digest !== undefined && equalDigests(digest, digestOf(body))
  return isBound ? '' : undefined
}

/** Sorted by name; of a name's values each one once, sorted; without anything between them. */
function sortedFields(form: URLSearchParams): string {
  const fields = new Map<string, Set<string>>()
  for (const [name, value] of form) {
    const values = fields.get(name) ?? new Set()
    fields.set(name, values.add(value))
  }
  return [...fields.keys()]
    .toSorted()
    .flatMap((name) => [...(fields.get(name) ?? [])].toSorted().map((value) => name + value))
    .join('')
}

/** The URL with and without its port. */
function urlVariants(url: URL): readonly string[] {
  const standard = url.protocol === 'https:' ? '443' : '80'
  const port = url.port === '' ? standard : url.port
  const rest = url.pathname + url.search
  return ['', `:${port}`].map((each) => `${url.protocol}//${url.hostname}${each}${rest}`)
}

export const signTwilio: SignCode = ({ secret, body, url = '' }) => {
  const [key = new Uint8Array()] = secretKeys(TWILIO_SECRET, [secret])
  const text = [url, sortedFields(readForm(body) ?? new URLSearchParams())]
  return { headers: { [SIGNATURE]: macOf('sha1', key, text).toString('base64') } }
}
