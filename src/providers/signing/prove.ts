import { Buffer } from 'node:buffer'
import { unreachable } from '../../assert.ts'
import type { EpochMs } from '../../clock.ts'
import { GatewayError } from '../../faults/faults.ts'
import { fill, type RowConfig } from '../engine/config.ts'
import { compilePath, splitReference } from '../engine/reference.ts'
import type { Signed } from '../engine/scheme.ts'
import type { Scheme } from '../schemes.ts'
import type { Draft } from './draft.ts'
import { putSignature } from './signature.ts'
import { putToken } from './token.ts'

/** What a proof is made from, and where it is put. */
export interface Proving {
  readonly draft: Draft
  readonly secret: string
  readonly config: RowConfig
  /** The registered URL, without a query. */
  readonly url: string | undefined
  readonly eventId: string
  readonly type: string
  readonly now: EpochMs
}

/**
 * Puts the proof of a scheme into a delivery.
 *
 * @throws GatewayError CONFIG_INVALID where the secret cannot sign.
 */
export function prove(scheme: Scheme, proving: Proving): void {
  const { draft, secret } = proving
  switch (scheme.kind) {
    case 'token':
      return putSecret(scheme, proving)
    case 'basic':
      return draft.put('header:authorization', `Basic ${Buffer.from(secret).toString('base64')}`)
    case 'jwt':
      return putToken(scheme, proving)
    case 'hmac':
    case 'digest':
    case 'ed25519':
    case 'ecdsa':
    case 'rsa':
      return putSignature(scheme, proving)
    case 'code':
      if (scheme.sign === undefined) {
        throw new GatewayError('CONFIG_INVALID', 'only the provider itself can sign this')
      }
      return putMade(draft, scheme.sign({ ...proving, body: draft.body(), headers: draft.headers }))
    default:
      return unreachable(scheme)
  }
}

function putSecret(scheme: Extract<Scheme, { kind: 'token' }>, proving: Proving): void {
  const { draft, config } = proving
  const value = fill(scheme.prefix ?? '', config) + proving.secret
  if (scheme.each === undefined) return draft.put(fill(scheme.at, config), value)
  const [, name] = splitReference(scheme.at)
  const elements = compilePath(scheme.each)(draft.asked().data)
  const count = Array.isArray(elements) ? elements.length : 0
  for (let index = 0; index < count; index += 1) {
    draft.put(`json:${scheme.each}.${index}.${name}`, value)
  }
}

/** What code makes of a delivery. */
function putMade(draft: Draft, made: Signed): void {
  for (const [name, value] of Object.entries(made.headers ?? {})) draft.put(`header:${name}`, value)
  for (const [name, value] of Object.entries(made.query ?? {})) draft.put(`query:${name}`, value)
  if (made.body !== undefined) draft.setBody(made.body)
}
