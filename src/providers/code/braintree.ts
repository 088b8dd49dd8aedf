/** Braintree signs a form field that holds XML as base64; each merchant has a pair of keys. */
import { Buffer } from 'node:buffer'
import { digestOf } from '../../bytes/hashing.ts'
import { unproven, type CompileCode, type SignCode } from '../engine/scheme.ts'
import { secretKeys } from '../engine/secrets.ts'
import { SIGNATURES_MAX } from '../../limits/limits.ts'
import type { SecretForm } from '../schemes.ts'
import { macMatcher, macOf } from './mac.ts'
import { readForm } from '../engine/form.ts'

export const BRAINTREE_SECRET: SecretForm = { from: 'utf8', derive: 'sha1' }

const KIND = /<kind>([a-z0-9_]{1,100})<\/kind>/
const PAIR = /^([^|]+)\|([0-9a-f]{40})$/
const PAYLOAD = /^[A-Za-z0-9+/=\n]+$/

export const compileBraintree: CompileCode = ({ secrets, config }) => {
  const matches = macMatcher('sha1', secretKeys(BRAINTREE_SECRET, secrets))
  const publicKeys = new Set((config['public_key'] ?? '').split(/[\s,]+/))
  return ({ delivery }) => {
    const form = readForm(delivery.body)
    const [payload, ...others] = form?.getAll('bt_payload') ?? []
    const pairs = form?.getAll('bt_signature').flatMap((each) => each.split('&')) ?? []
    if (payload === undefined || pairs.length === 0) {
      const detail = 'bt_signature or bt_payload is missing'
      return unproven('missing_header', detail)
    }
    if (others.length > 0 || !PAYLOAD.test(payload) || pairs.length > SIGNATURES_MAX) {
      return unproven('bad_encoding', 'bt_payload is not one base64 text')
    }
    const signatures = pairs.flatMap((pair) => {
      const [, publicKey = '', signature = ''] = PAIR.exec(pair) ?? []
      return publicKeys.has(publicKey) ? Buffer.from(signature, 'hex') : []
    })
    // The line break at its end is signed, and sometimes lost on the way.
    const secretIndex = matches([payload], signatures) ?? matches([payload, '\n'], signatures)
    if (secretIndex === undefined) {
      const detail = 'bt_signature has none of the configured public_key that matches'
      return unproven('mismatch', detail)
    }
    const kind = kindOf(payload)
    // The answer to a probe is a MAC by the same key, of a text that could stand here: of no event.
    if (kind === undefined) return unproven('bad_encoding', 'bt_payload names no kind')
    const claims = { kind }
    // A redelivery is signed anew, and has the same payload, in which the time stands.
    const id = `sha256:${Buffer.from(digestOf(payload.trimEnd())).toString('hex')}`
    return { kind: 'proven', id, timestamp: undefined, secretIndex, claims }
  }
}

/** What happened: the notification's own `kind`, not one of its subject. */
function kindOf(payload: string): string | undefined {
  const xml = Buffer.from(payload, 'base64').toString('utf8')
  const [before = ''] = xml.split('<subject>', 1)
  const after = xml.slice(xml.lastIndexOf('</subject>') + 1)
  return KIND.exec(before)?.[1] ?? KIND.exec(after)?.[1]
}

export const signBraintree: SignCode = ({ secret, body, config }) => {
  const form = readForm(body) ?? new URLSearchParams()
  const [key = new Uint8Array()] = secretKeys(BRAINTREE_SECRET, [secret])
  const mac = macOf('sha1', key, [form.get('bt_payload') ?? '']).toString('hex')
  form.set('bt_signature', `${config['public_key'] ?? ''}|${mac}`)
  return { body: Buffer.from(form.toString()) }
}
