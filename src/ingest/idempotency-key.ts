import type { Delivery } from '../delivery.ts'
import { sha256 } from '../bytes/hashing.ts'
import { IDEMPOTENCY_KEY_CHARS_MAX } from '../limits/limits.ts'

export type IdempotencyKey =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed'; readonly detail: string }

/** A string of RFC 9651. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/
/**
 * What most senders write instead: visible ASCII, without what a structured field gives meaning.
 */
const BARE = /^[!#-+\--:<-[\]-~]+$/

/**
 * Reads `Idempotency-Key`. `"abc"` and `abc` are the same key.
 *
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export function readIdempotencyKey(headers: Headers): IdempotencyKey {
  const header = headers.get('idempotency-key')?.trim()
  if (header === undefined) return { kind: 'none' }
  const [, quoted] = header.match(QUOTED) ?? []
  const key = quoted?.replaceAll(/\\(.)/g, '$1') ?? (BARE.test(header) ? header : '')
  if (key.length > 0 && key.length <= IDEMPOTENCY_KEY_CHARS_MAX) return { kind: 'key', key }
  const form = `a quoted string or a token of at most ${IDEMPOTENCY_KEY_CHARS_MAX} characters`
  return { kind: 'malformed', detail: `Idempotency-Key must be ${form}` }
}

/**
 * The hash of everything that makes the request what it is. In binary mode that is headers, too:
 * the attributes of the event.
 */
export function hashRequest({ headers, body }: Delivery): string {
  const hash = sha256()
  const meaning = [...headers].filter(([name]) => name === 'content-type' || name.startsWith('ce-'))
  hash.update(JSON.stringify(meaning.toSorted(([a], [b]) => (a < b ? -1 : 1))))
  hash.update(body)
  return hash.digest().toHex()
}
