import { timingSafeEqual } from 'node:crypto'
import { hashToken, type Caller } from '../caller.ts'
import type { Refused } from '../delivery.ts'

/** RFC 6750: the scheme in any case, then the token. */
const BEARER = /^bearer +([\w.~+/-]+=*)$/i

/**
 * Finds the caller whose token this is. Hashes are compared, each in constant time and all of
 * them, so that neither a token's text nor its place in the list shows in the time it takes.
 */
export function authenticate(
  authorization: string | null,
  callers: Iterable<Caller>,
): { readonly kind: 'caller'; readonly caller: Caller } | Refused {
  const [, token] = authorization?.match(BEARER) ?? []
  if (token === undefined) return refused('Authorization: Bearer <token> is missing')
  const presented = hashToken(token)
  let found: Caller | undefined
  for (const caller of callers) {
    for (const hash of caller.tokenHashes) if (timingSafeEqual(hash, presented)) found = caller
  }
  return found === undefined
    ? refused('the token is not that of any caller')
    : { kind: 'caller', caller: found }
}

function refused(detail: string): Refused {
  return { kind: 'refused', code: 'TOKEN_REFUSED', detail }
}
