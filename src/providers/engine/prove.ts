/** Chooses the scheme that judges a delivery. */
import { assert, unreachable } from '../../assert.ts'
import type { Refused } from '../../delivery.ts'
import { GatewayError } from '../../faults/faults.ts'
import type { KeyNeeded } from '../../key-place.ts'
import type { ProviderRow } from '../row.ts'
import type { CodeScheme, Scheme } from '../schemes.ts'
import { compileAsymmetric } from './asymmetric.ts'
import { fill, type RowConfig } from './config.ts'
import { compileDigest, compileHmac } from './hmac.ts'
import { compileJwt } from './jwt.ts'
import { compileBasic, compileToken } from './presented.ts'
import { splitReference } from './reference.ts'
import type { Asked } from './request.ts'
import { unproven, type CompiledScheme, type Proof, type SchemeOptions } from './scheme.ts'
import { acceptsSecret, takesSecret } from './secrets.ts'
import { compileText } from './text.ts'

/** A proof, and how a time within the body is checked once that is read. */
export type ProofOfSource = Proof & Pick<CompiledScheme, 'checkData'>

export type Prove = (request: Asked) => ProofOfSource | Refused | KeyNeeded

/**
 * Compiles the schemes of a row that the operator's configuration leaves.
 *
 * @throws GatewayError CONFIG_INVALID where a secret, a config value or the URL is missing or
 * cannot be used.
 */
export function compileProof(row: ProviderRow, options: SchemeOptions): Prove {
  const { secrets } = options
  const active = activeSchemes(row, options.config)
  if (active.length === 0) {
    const fields = Object.keys(row.config ?? {}).join(', ')
    const why = `${row.name} signs in no way that fits the configured values (${fields})`
    throw new GatewayError('CONFIG_INVALID', why)
  }
  const isStray = secrets.some((secret) => !active.some((each) => acceptsSecret(each, secret)))
  if (isStray || (secrets.length === 0 && !active.some((each) => !takesSecret(each)))) {
    throw new GatewayError('CONFIG_INVALID', `${row.key} needs a secret of a form that it knows`)
  }
  if (options.url === undefined && active.some(needsUrl)) {
    const why = `${row.name} signs the URL that is registered with it`
    throw new GatewayError('CONFIG_INVALID', `INLET_URL is required: ${why}`)
  }
  const schemes = active.map((scheme) => {
    // Of each: which of the source's secrets it is.
    const indexes = secrets.flatMap((secret, at) => (acceptsSecret(scheme, secret) ? [at] : []))
    const own = secrets.filter((secret) => acceptsSecret(scheme, secret))
    const isReady = own.length > 0 || !takesSecret(scheme)
    return { indexes, isReady, ...compileScheme(scheme, { ...options, secrets: own }) }
  })
  const expected = schemes.find(({ isReady }) => isReady)?.label

  return (request) => {
    // The strongest scheme that is present decides alone: a bad signature beside a good token stays
    // a bad signature.
    for (const { check, isReady, label, indexes, checkData } of schemes) {
      const proof = check(request)
      if (proof === undefined) continue
      if (!isReady) {
        const why = `${label} is present, and none of the secrets is of its kind`
        return unproven('unknown_key', why)
      }
      if (proof.kind !== 'proven') return proof
      return { ...proof, secretIndex: indexes[proof.secretIndex ?? -1], checkData }
    }
    return unproven('missing_header', `${expected} is missing`)
  }
}

/** Takes everything: the id that would be signed is still the best name for the event. */
export function compileUnsigned(row: ProviderRow, secrets: readonly string[]): Prove {
  assert(secrets.length === 0, 'an unsigned source has no secrets')
  const idHeaders = row.schemes.map((scheme) =>
    'idHeader' in scheme ? scheme.idHeader : undefined,
  )
  return ({ delivery: { headers } }) => {
    const ids = idHeaders.map((name) => (name === undefined ? undefined : headers.get(name)))
    const id = ids.find((each) => each !== undefined && each !== null) ?? undefined
    return { kind: 'proven', id, timestamp: undefined, secretIndex: undefined }
  }
}

/** The schemes that count with this configuration. */
export function activeSchemes(row: ProviderRow, config: RowConfig): readonly Scheme[] {
  return row.schemes.filter(({ when }) => {
    if (when === undefined) return true
    const value = config[when.config] ?? ''
    return 'equals' in when ? value === when.equals : (value !== '') === when.isSet
  })
}

function needsUrl(scheme: Scheme): boolean {
  if (scheme.kind === 'code') return scheme.needsUrl === true
  if (scheme.kind === 'jwt') return scheme.urlClaim !== undefined
  return 'signed' in scheme && /\{url(?:NoQuery)?\}/.test(scheme.signed)
}

function compileScheme(scheme: Scheme, options: SchemeOptions): CompiledScheme {
  switch (scheme.kind) {
    case 'hmac':
      return compileHmac(scheme, options)
    case 'digest':
      return compileDigest(scheme, options)
    case 'ed25519':
    case 'ecdsa':
    case 'rsa':
      return compileAsymmetric(scheme, options)
    case 'jwt':
      return compileJwt(scheme, options)
    case 'token':
      return compileToken(scheme, options)
    case 'basic':
      return compileBasic(scheme, options)
    case 'code':
      return compileCode(scheme, options)
    default:
      return unreachable(scheme)
  }
}

function compileCode(scheme: CodeScheme, options: SchemeOptions): CompiledScheme {
  const places = scheme.at.map((each) => compileText(each, options.config))
  const [, label] = splitReference(fill(scheme.at[0] ?? '', options.config))
  const check = scheme.compile(options)
  return {
    label,
    check(request) {
      const isPresent = places.some((read) => read(request) !== undefined)
      return isPresent ? check(request) : undefined
    },
  }
}
