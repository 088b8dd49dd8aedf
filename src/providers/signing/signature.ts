/** Signatures over a text: the same template that verifies makes what is signed. */
import { sign } from 'node:crypto'
import { assert } from '../../assert.ts'
import { GatewayError } from '../../faults/faults.ts'
import { messageBytes } from '../engine/asymmetric.ts'
import { fill, setting } from '../engine/config.ts'
import { keyedHasher, plainHasher } from '../../bytes/hashing.ts'
import { compileMessage, feed, type Message } from '../engine/message.ts'
import { splitReference } from '../engine/reference.ts'
import { secretKeys } from '../engine/secrets.ts'
import { encodeSignature, writeSignature } from '../engine/signatures.ts'
import { resolveSources } from '../engine/signed.ts'
import { writeTimestamp } from '../engine/timestamp.ts'
import type { SignedScheme } from '../schemes.ts'
import { Encoding, Hash } from '../values.ts'
import type { Proving } from './prove.ts'
import { privateKey } from './private-key.ts'

/** Puts time, id, whatever else is signed, and then the signature where they belong. */
export function putSignature(scheme: SignedScheme, proving: Proving): void {
  const { draft, config, eventId, now } = proving
  const { timestamp, idHeader } = scheme
  for (const [name, value] of Object.entries(scheme.requireHeaders ?? {})) {
    draft.put(`header:${name}`, value)
  }
  if ('key' in scheme && scheme.key.from === 'certificate') {
    const [host = ''] = scheme.key.hosts
    draft.put(scheme.key.at, `https://${host}/certificate.pem`)
  }
  if (idHeader !== undefined) draft.put(`header:${idHeader}`, eventId)
  const text = timestamp === undefined ? '' : writeTimestamp(now, timestamp.unit)
  const [place, name] = splitReference(fill(timestamp?.from ?? ':', config))
  const inSignature = place === 'signature' ? { key: name, text } : undefined
  if (timestamp !== undefined && place !== 'signature' && scheme.signed.includes('{ts}')) {
    draft.put(`${place}:${name}`, text)
  }
  // A nonce, or whatever else of the request is signed and nothing has set.
  for (const [, reference = ''] of scheme.signed.matchAll(/\{((?:header|query):[^{}]+)\}/g)) {
    if (!draft.has(reference)) draft.put(reference, text || eventId)
  }

  const make = compileMessage(scheme.signed, { config, url: proving.url })
  const message = make({ request: draft.asked(), id: eventId, timestamp: text })
  if ('kind' in message) {
    throw new GatewayError('CONFIG_INVALID', `${message.name} is signed, and the body has none`)
  }
  const [source] = resolveSources(scheme.signatures, config)
  assert(source !== undefined, 'a scheme names where its signature stands')
  const hash = hashOf(scheme, proving)
  const encoded = encodeSignature(
    signatureOf(scheme, message, proving),
    setting(Encoding, scheme.encoding, config),
  )
  draft.put(source.at, writeSignature(source, encoded, { timestamp: inSignature, hash }))
}

/** The hash of a scheme; of those that a signature may name, the strongest. */
function hashOf(scheme: SignedScheme, { config }: Proving): Hash | undefined {
  if (scheme.kind === 'ed25519') return undefined
  if (scheme.hash !== 'fromSignature') return setting(Hash, scheme.hash, config)
  const [source] = scheme.signatures
  return source?.format === 'algorithm' ? source.allow.at(-1) : undefined
}

function signatureOf(scheme: SignedScheme, message: Message, proving: Proving): Uint8Array {
  const hash = hashOf(scheme, proving)
  if (scheme.kind === 'hmac' || scheme.kind === 'digest') {
    const [key] = secretKeys(scheme.secret, [proving.secret])
    assert(
      key !== undefined && hash !== undefined,
      'one secret is one key, and a scheme has a hash',
    )
    const hasher = scheme.kind === 'hmac' ? keyedHasher(hash, key)() : plainHasher(hash)
    feed(message, hasher, key)
    return hasher.digest()
  }
  return sign(hash ?? null, messageBytes(message), privateKey(proving.secret))
}
