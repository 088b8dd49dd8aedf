/** Plivo, version 3: the URL and all parameters, in an order of its own, and a nonce. */
import { SIGNATURES_MAX } from '../../limits/limits.ts'
import { unproven, type CompileCode, type SignCode } from '../engine/scheme.ts'
import { secretKeys } from '../engine/secrets.ts'
import { decodeSignature } from '../engine/signatures.ts'
import type { SecretForm } from '../schemes.ts'
import { macMatcher, macOf } from './mac.ts'
import { readForm } from '../engine/form.ts'
import { compileUrl } from './registered-url.ts'

export const PLIVO_SECRET: SecretForm = { from: 'utf8' }

/** Signed with the token of the account that owns the number, and with the main account's. */
const SIGNATURES = ['x-plivo-signature-v3', 'x-plivo-signature-ma-v3'] as const
const NONCE = 'x-plivo-signature-v3-nonce'

export const compilePlivo: CompileCode = ({ secrets, url }) => {
  const addressed = compileUrl(url)
  const matches = macMatcher('sha256', secretKeys(PLIVO_SECRET, secrets))
  return ({ delivery }) => {
    const { headers, body } = delivery
    const nonce = headers.get(NONCE)
    if (nonce === null) return unproven('missing_header', `${NONCE} is missing`)
    // Whatever the content type says, which nobody signs: what is no form has no fields to sign,
    // and would be taken for its URL alone.
    const form = readForm(body)
    const listed = SIGNATURES.flatMap((name) => headers.get(name)?.split(',') ?? [])
    if (form === undefined || listed.length > SIGNATURES_MAX) {
      return unproven('bad_encoding', 'the body is no form')
    }
    const signatures = listed.flatMap((each) => decodeSignature(each.trim(), 'base64') ?? [])
    const secretIndex = matches([signedText(addressed(delivery), form), '.', nonce], signatures)
    return secretIndex === undefined
      ? unproven('mismatch', `${SIGNATURES[0]} does not match`)
      : { kind: 'proven', id: undefined, timestamp: undefined, secretIndex }
  }
}

/** The signed text of a POST, without the nonce. */
function signedText(url: URL, form: URLSearchParams): string {
  const base = url.origin + url.pathname
  const query = sortedPairs(url.searchParams, '=', '&')
  if (query === '' && form.size === 0) return base
  const separator = query !== '' && form.size > 0 ? '.' : ''
  return `${base}?${query}${separator}${sortedPairs(form, '', '')}`
}

/** Name and value of each parameter, sorted by both, joined. */
function sortedPairs(params: URLSearchParams, within: string, between: string): string {
  return [...params]
    .toSorted(([a, x], [b, y]) => byCodeUnit(a, b) || byCodeUnit(x, y))
    .map(([name, value]) => name + within + value)
    .join(between)
}

function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

export const signPlivo: SignCode = ({ secret, body, eventId, url = '' }) => {
  const [key = new Uint8Array()] = secretKeys(PLIVO_SECRET, [secret])
  const text = signedText(new URL(url), readForm(body) ?? new URLSearchParams())
  const mac = macOf('sha256', key, [text, '.', eventId]).toString('base64')
  return { headers: { [NONCE]: eventId, [SIGNATURES[0]]: mac } }
}
