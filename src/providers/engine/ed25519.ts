import { Buffer } from 'node:buffer'
import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import type { Ed25519Scheme } from '../row.ts'
import type { Message, MessageParts } from './message.ts'
import type { CompiledScheme, SchemeOptions } from './scheme.ts'
import { secretKeys } from './secrets.ts'
import { compileSigned } from './signed.ts'

/** What stands before a raw key in its DER form (RFC 8410). */
const PUBLIC_KEY_DER = Buffer.from('302a300506032b6570032100', 'hex')

/** Compiles an ed25519 scheme; the source's secrets are public keys. */
export function compileEd25519(scheme: Ed25519Scheme, options: SchemeOptions): CompiledScheme {
  const keys = secretKeys(scheme, options.secrets).map(importPublicKey)
  return compileSigned(
    scheme,
    (message, parts, signatures) => {
      const bytes = messageBytes(message, parts)
      // The first match may end it: the keys are public, so the time it takes tells nothing.
      const matched = keys.findIndex((key) => {
        return signatures.some((each) => verify(null, bytes, key, each))
      })
      return matched === -1 ? undefined : matched
    },
    options,
  )
}

function importPublicKey(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_KEY_DER, raw]), format: 'der', type: 'spki' })
}

/** The signed text in one piece, as ed25519 needs it. */
export function messageBytes(message: Message, parts: MessageParts): Uint8Array {
  const pieces: Uint8Array[] = []
  message(parts, { update: (data) => pieces.push(Buffer.from(data)) })
  return Buffer.concat(pieces)
}
