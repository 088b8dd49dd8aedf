/** Contentful's canonical request: method, path, a list of headers that it names itself, body. */
import { unproven, type CompileCode, type SignCode } from '../engine/scheme.ts'
import { secretKeys } from '../engine/secrets.ts'
import { decodeSignature } from '../engine/signatures.ts'
import { parseTimestamp } from '../engine/timestamp.ts'
import type { SecretForm } from '../schemes.ts'
import { macMatcher, macOf } from './mac.ts'
import { compileUrl } from './registered-url.ts'

export const CONTENTFUL_SECRET: SecretForm = { from: 'utf8' }

const SIGNATURE = 'x-contentful-signature'
const LIST = 'x-contentful-signed-headers'
const TIME = 'x-contentful-timestamp'
const TOPIC = 'x-contentful-topic'
/** Contentful signs about ten. */
const SIGNED_HEADERS_MAX = 64
/** Its own number. */
const TOLERANCE_MS = 30_000

export const compileContentful: CompileCode = ({ secrets, now, url }) => {
  const addressed = compileUrl(url)
  const matches = macMatcher('sha256', secretKeys(CONTENTFUL_SECRET, secrets))
  return ({ delivery }) => {
    const { headers } = delivery
    const time = headers.get(TIME)
    if (time === null || headers.get(LIST) === null) {
      return unproven('missing_header', `${TIME} or ${LIST} is missing`)
    }
    const at = parseTimestamp(time, 'ms')
    if (at === undefined) {
      return unproven('bad_time', `${TIME} is not one whole number`)
    }
    const names = (headers.get(LIST) ?? '').split(',')
    const head = signedHead(delivery.method, addressed(delivery), { headers, names })
    const signature = decodeSignature(headers.get(SIGNATURE) ?? '', 'hex')
    if (head === undefined || signature === undefined) {
      const detail = `${SIGNATURE} or ${LIST} does not have the expected form`
      return unproven('bad_encoding', detail)
    }
    const secretIndex = matches([head, delivery.body], [signature])
    if (secretIndex === undefined) {
      return unproven('mismatch', `${SIGNATURE} does not match`)
    }
    if (Math.abs(now() - at) > TOLERANCE_MS) {
      return unproven('stale', `${TIME} is more than 30 s off`)
    }
    // Beside the signature, a topic that it does not cover is the sender's word.
    const topic = names.includes(TOPIC) ? headers.get(TOPIC) : undefined
    return { kind: 'proven', id: undefined, timestamp: time, secretIndex, claims: { topic } }
  }
}

interface SignedHeaders {
  readonly headers: Headers
  readonly names: readonly string[]
}

/**
 * The signed text before the body; undefined where the list of signed headers does not cover the
 * time and itself, or names a header that is not there.
 */
function signedHead(method: string, url: URL, { headers, names }: SignedHeaders) {
  if (names.length > SIGNED_HEADERS_MAX || new Set(names).size !== names.length) return undefined
  if (!names.includes(LIST) || !names.includes(TIME)) return undefined
  const pairs: string[] = []
  for (const name of names.toSorted()) {
    const value = /^[a-z0-9_-]+$/.test(name) ? headers.get(name) : null
    if (value === null) return undefined
    pairs.push(`${name}:${value.trim()}`)
  }
  return [method, encodedPath(url), pairs.join(';'), ''].join('\n')
}

/** Contentful escapes the query as a whole, and then once more together with the path. */
function encodedPath({ pathname, search }: URL): string {
  const query = search.slice(1)
  return encodeURI(query === '' ? pathname : `${pathname}?${encodeURIComponent(query)}`)
}

export const signContentful: SignCode = (signing) => {
  const { secret, body, now, url = '' } = signing
  const [key = new Uint8Array()] = secretKeys(CONTENTFUL_SECRET, [secret])
  const names = [LIST, TIME, TOPIC]
  const headers = new Headers(signing.headers)
  headers.set(LIST, names.join(','))
  headers.set(TIME, String(now))
  headers.set(TOPIC, signing.type)
  const head = signedHead('POST', new URL(url), { headers, names }) ?? ''
  headers.set(SIGNATURE, macOf('sha256', key, [head, body]).toString('hex'))
  return { headers: Object.fromEntries(headers) }
}
