/** Paddle Classic signs PHP's serialisation of the form's fields, sorted by name. */
import { verify, type KeyObject } from 'node:crypto'
import { GatewayError } from '../../faults/faults.ts'
import { unproven, type CompileCode } from '../engine/scheme.ts'
import { decodeSignature } from '../engine/signatures.ts'
import { importSpki } from '../engine/public-key.ts'
import { phpSerialize } from './php-serialize.ts'
import { readForm } from '../engine/form.ts'

export const compilePaddleClassic: CompileCode = ({ secrets }) => {
  const keys = secrets.map(importKey)
  return ({ delivery }) => {
    const form = readForm(delivery.body)
    const [encoded, ...others] = form?.getAll('p_signature') ?? []
    if (form === undefined || encoded === undefined) {
      return unproven('missing_header', 'p_signature is missing')
    }
    form.delete('p_signature')
    const signature = others.length === 0 ? decodeSignature(encoded, 'base64') : undefined
    if (signature === undefined) {
      return unproven('bad_encoding', 'p_signature is not one base64 text')
    }
    const signed = phpSerialize(form)
    const matched = keys.findIndex((key) => verify('sha1', signed, key, signature))
    return matched === -1
      ? unproven('mismatch', 'p_signature does not match')
      : { kind: 'proven', id: undefined, timestamp: undefined, secretIndex: matched }
  }
}

function importKey(secret: string): KeyObject {
  const key = importSpki(secret)
  if (key?.asymmetricKeyType === 'rsa') return key
  throw new GatewayError('CONFIG_INVALID', 'a secret is not an RSA public key')
}
