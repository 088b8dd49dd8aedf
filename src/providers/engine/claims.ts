/** What the claims of a token must say of its time, its issuer and the request that it binds. */
import { Buffer } from 'node:buffer'
import type { Refused } from '../../delivery.ts'
import type { JwtScheme } from '../schemes.ts'
import { fill, type RowConfig } from './config.ts'
import { plainHasher } from '../../bytes/hashing.ts'
import { equalTexts } from './hash.ts'
import type { Asked } from './request.ts'
import { unproven, type SchemeOptions } from './scheme.ts'
import { queryOf } from './url.ts'

export type Claims = Readonly<Record<string, unknown>>

type CheckClaims = (claims: Claims, request: Asked) => Refused | undefined

/** Compiles everything that is asked of the claims of a verified token. */
export function compileClaims(scheme: JwtScheme, options: SchemeOptions): CheckClaims {
  const checks = [
    compileTimes(scheme, options),
    compileEquals(scheme.claims?.equals ?? {}, options.config),
    compileBodyClaim(scheme.bodyClaim),
    compileUrlClaim(scheme.urlClaim, options.url ?? ''),
  ]
  return (claims, request) => {
    for (const check of checks) {
      const refusal = check(claims, request)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }
}

function wrong(claim: string): Refused {
  return unproven('wrong_claim', `the claim ${claim} is missing, or not what it must be`)
}

/** `exp` and `nbf` count wherever they are, whether or not the provider promises them. */
function compileTimes({ claims: rules = {} }: JwtScheme, options: SchemeOptions): CheckClaims {
  const { required = [], issuedWithinSeconds, skewSeconds = 0 } = rules
  return (claims) => {
    const missing = required.find((name) => claims[name] === undefined)
    if (missing !== undefined) return wrong(missing)
    const now = options.now() / 1000
    const { exp, nbf, iat } = claims
    if (exp !== undefined) {
      if (!isTime(exp)) return wrong('exp')
      if (now >= exp + skewSeconds) return unproven('stale', 'the token has expired')
    }
    if (nbf !== undefined) {
      if (!isTime(nbf)) return wrong('nbf')
      if (now < nbf - skewSeconds) return unproven('stale', 'the token is not valid yet')
    }
    if (issuedWithinSeconds === undefined) return undefined
    if (!isTime(iat)) return wrong('iat')
    if (Math.abs(now - iat) <= issuedWithinSeconds + skewSeconds) return undefined
    return unproven('stale', `iat is more than ${issuedWithinSeconds} s off`)
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function compileEquals(
  equals: NonNullable<NonNullable<JwtScheme['claims']>['equals']>,
  config: RowConfig,
): CheckClaims {
  const rules = Object.entries(equals).map(([name, value]) => {
    const values = typeof value === 'boolean' ? [value] : [value].flat()
    const allowed = values.map((each) => (typeof each === 'string' ? fill(each, config) : each))
    return { name, allowed: new Set<unknown>(allowed.filter((each) => each !== '')) }
  })
  return (claims) => {
    const failed = rules.find(({ name, allowed }) => {
      // The audience of a token may be a list (RFC 7519, 4.1.3).
      const values: readonly unknown[] = name === 'aud' ? [claims[name]].flat() : [claims[name]]
      return !values.some((value) => allowed.has(value))
    })
    return failed === undefined ? undefined : wrong(failed.name)
  }
}

function compileBodyClaim(rule: JwtScheme['bodyClaim']): CheckClaims {
  if (rule === undefined) return () => undefined
  const { name, presence } = rule
  const expect = compileBinding(rule)
  return (claims, { delivery: { body } }) => {
    const claim = claims[name]
    if (claim === undefined && presence === 'optional') return undefined
    if (presence === 'whereBody' && body.length === 0) {
      return claim === undefined ? undefined : wrong(name)
    }
    return isClaimed(claim, expect(body)) ? undefined : wrong(name)
  }
}

function compileUrlClaim(rule: JwtScheme['urlClaim'], url: string): CheckClaims {
  if (rule === undefined) return () => undefined
  const { name, presence, hash } = rule
  const expect = compileBinding(rule)
  return (claims, { delivery }) => {
    const claim = claims[name]
    if (claim === undefined && presence === 'optional') return undefined
    const full = url + queryOf(delivery.url)
    if (isClaimed(claim, expect(full))) return undefined
    // As text, a URL may be written in two ways: with and without the path of an empty one.
    const isSame =
      hash === undefined &&
      typeof claim === 'string' &&
      URL.parse(claim)?.href === URL.parse(full)?.href
    return isSame && URL.canParse(full) ? undefined : wrong(name)
  }
}

/** What a claim about these bytes has to be. */
function compileBinding({ hash }: Pick<NonNullable<JwtScheme['bodyClaim']>, 'hash'>) {
  return (data: string | Uint8Array): string => {
    if (hash === undefined) return typeof data === 'string' ? data : Buffer.from(data).toString()
    const hasher = plainHasher(hash.hash)
    hasher.update(data)
    return Buffer.from(hasher.digest()).toString(hash.encoding)
  }
}

/** Providers write base64 with and without its padding. */
function isClaimed(claim: unknown, expected: string): boolean {
  const bare = (text: string) => text.replace(/={1,2}$/, '')
  return typeof claim === 'string' && equalTexts(bare(claim), bare(expected))
}
