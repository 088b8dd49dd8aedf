import { unreachable } from '../assert.ts'
import { splitReference } from './engine/reference.ts'
import type { ProviderRow } from './row.ts'
import type { JwtScheme, Scheme, SignatureSource, SignedScheme } from './schemes.ts'

/** Whether the registered URL is a part of what a scheme verifies. */
export function signsUrl(scheme: Scheme): boolean {
  if (scheme.kind === 'code') return scheme.needsUrl === true
  if (scheme.kind === 'jwt') return scheme.urlClaim !== undefined
  return 'signed' in scheme && /\{url/.test(scheme.signed)
}

/** The kinds of a row's schemes, in short: `hmac sha256, token`. */
export function schemeName(row: ProviderRow): string {
  return [...new Set(row.schemes.map(shortName))].join(', ')
}

function shortName(scheme: Scheme): string {
  const hash = 'hash' in scheme ? scheme.hash : undefined
  if (hash === undefined) return scheme.kind
  return `${scheme.kind} ${hash.includes(':') || hash === 'fromSignature' ? 'of any hash' : hash}`
}

/** One scheme in a sentence. */
export function describeScheme(scheme: Scheme): string {
  return conditionOf(scheme) + sentenceOf(scheme)
}

function conditionOf({ when }: Scheme): string {
  if (when === undefined) return ''
  if ('equals' in when) return `Where \`${when.config}\` is \`${when.equals}\`: `
  return `Where \`${when.config}\` is ${when.isSet ? '' : 'not '}set: `
}

function sentenceOf(scheme: Scheme): string {
  switch (scheme.kind) {
    case 'hmac':
    case 'digest':
    case 'ed25519':
    case 'ecdsa':
    case 'rsa':
      return signedSentence(scheme)
    case 'jwt':
      return tokenSentence(scheme)
    case 'token': {
      const each = scheme.each === undefined ? '' : ` of each element of \`${scheme.each}\``
      return `The secret itself, in ${placeOf(scheme.at)}${each}${after(scheme.prefix)}.`
    }
    case 'basic':
      return 'User and password, in header `authorization`.'
    case 'code':
      return `${scheme.description} It stands in ${scheme.at.map(placeOf).join(' or ')}.`
    default:
      return unreachable(scheme)
  }
}

const ALGORITHMS = {
  hmac: 'HMAC',
  digest: 'A plain hash',
  ed25519: 'Ed25519',
  ecdsa: 'ECDSA',
  rsa: 'RSA',
} as const

function signedSentence(scheme: SignedScheme): string {
  const hash = 'hash' in scheme ? ` with ${hashOf(scheme.hash)}` : ''
  const places = scheme.signatures.map(signaturePlace).join(' or ')
  const text = scheme.signed.replaceAll('\n', '\\n')
  const what = `${ALGORITHMS[scheme.kind]}${hash} of \`${text}\``
  const { timestamp } = scheme
  const encoding = scheme.encoding.startsWith('{') ? '' : ` (${scheme.encoding})`
  if (timestamp === undefined) return `${what}, in ${places}${encoding}.`
  const [place, name] = splitReference(timestamp.from)
  const from = place === 'signature' ? `\`${name}\` beside it` : placeOf(timestamp.from)
  const whose = timestamp.official ? 'the provider’s own window' : 'a window that Inlet sets'
  return (
    `${what}, in ${places}${encoding}. The time, ${from} (${UNITS[timestamp.unit]}), may be ` +
    `${timestamp.toleranceSeconds} s off in either direction, ${whose}.`
  )
}

const UNITS = { s: 'in seconds', ms: 'in milliseconds', iso: 'ISO 8601' } as const

function hashOf(hash: string): string {
  if (hash === 'fromSignature') return 'the hash that it names'
  return hash.startsWith('{')
    ? 'the hash that is configured'
    : hash.toUpperCase().replace('A', 'A-')
}

function signaturePlace(source: SignatureSource): string {
  const place = placeOf(source.at)
  switch (source.format) {
    case 'raw':
    case 'positional':
    case 'algorithm':
      return place
    case 'prefix':
      return place + after(source.prefix)
    case 'kv':
      return `\`${source.key}\` of ${place}`
    case 'list':
      return `${place}, version \`${source.version}\``
    default:
      return unreachable(source)
  }
}

function after(prefix: string | undefined): string {
  return prefix === undefined || prefix === '' ? '' : ` after \`${prefix}\``
}

function placeOf(reference: string): string {
  const [place, name] = splitReference(reference)
  const places: Readonly<Record<string, string>> = {
    header: 'header',
    query: 'parameter',
    form: 'form field',
    json: 'field',
  }
  return `${places[place] ?? place} \`${name}\``
}

function tokenSentence(scheme: JwtScheme): string {
  const { claims = {}, bodyClaim, urlClaim, algorithms } = scheme
  const parts = [`A JSON Web Token (${algorithms.join(', ')}), in ${placeOf(scheme.at)}.`]
  const fixed = Object.entries(claims.equals ?? {})
  for (const [name, value] of fixed)
    parts.push(`\`${name}\` is \`${[value].flat().join('` or `')}\`.`)
  if (claims.issuedWithinSeconds !== undefined) {
    parts.push(`It was issued within ${claims.issuedWithinSeconds} s.`)
  }
  const isOptional = bodyClaim?.presence === 'optional'
  if (bodyClaim === undefined) parts.push('It says nothing about the body.')
  else parts.push(`\`${bodyClaim.name}\` binds the body${isOptional ? ', where it is there' : ''}.`)
  if (urlClaim !== undefined) parts.push(`\`${urlClaim.name}\` binds the URL.`)
  return parts.join(' ')
}
