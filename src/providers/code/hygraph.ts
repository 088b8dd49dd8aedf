/** Hygraph signs a JSON envelope that holds the body as a text, and never sends the envelope. */
import { unproven, type CompileCode, type SignCode } from '../engine/scheme.ts'
import { secretKeys } from '../engine/secrets.ts'
import { decodeSignature } from '../engine/signatures.ts'
import { parseTimestamp } from '../engine/timestamp.ts'
import type { SecretForm } from '../schemes.ts'
import { macMatcher, macOf } from './mac.ts'
import { readText } from '../engine/form.ts'

export const HYGRAPH_SECRET: SecretForm = { from: 'utf8' }

const HEADER = /^sign=([A-Za-z0-9+/]+={0,2}), env=([\x21-\x2b\x2d-\x7e]+), t=(\d+)$/
const TOLERANCE_MS = 300_000

export const compileHygraph: CompileCode = ({ secrets, now }) => {
  const matches = macMatcher('sha256', secretKeys(HYGRAPH_SECRET, secrets))
  return ({ delivery }) => {
    const header = delivery.headers.get('gcms-signature') ?? ''
    const [, encoded = '', environment = '', time = ''] = HEADER.exec(header) ?? []
    const signature = decodeSignature(encoded, 'base64')
    const at = parseTimestamp(time, 'ms')
    // Two bodies that differ only in bytes that are no UTF-8 would be one text.
    const text = readText(delivery.body)
    if (signature === undefined || at === undefined || text === undefined) {
      const detail = 'gcms-signature, or the body, does not have the expected form'
      return unproven('bad_encoding', detail)
    }
    const envelope = { Body: text, EnvironmentName: environment, TimeStamp: at }
    const secretIndex = matches([JSON.stringify(envelope)], [signature])
    if (secretIndex === undefined) {
      return unproven('mismatch', 'gcms-signature does not match the body')
    }
    return Math.abs(now() - at) > TOLERANCE_MS
      ? unproven('stale', 't is more than 300 s off')
      : { kind: 'proven', id: undefined, timestamp: time, secretIndex }
  }
}

export const signHygraph: SignCode = ({ secret, body, now }) => {
  const [key = new Uint8Array()] = secretKeys(HYGRAPH_SECRET, [secret])
  const envelope = { Body: readText(body), EnvironmentName: 'master', TimeStamp: now }
  const mac = macOf('sha256', key, [JSON.stringify(envelope)]).toString('base64')
  return { headers: { 'gcms-signature': `sign=${mac}, env=master, t=${now}` } }
}
