/** Schemes that sign the body: HMAC and ed25519 differ only in how a signature is matched. */
import type { EpochMs } from '../../clock.ts'
import type { Refused } from '../../delivery.ts'
import { SIGNATURES_MAX } from '../../limits.ts'
import {
  Encoding,
  HeaderName,
  type SignatureSource,
  type SignedScheme,
  type Timestamp,
} from '../row.ts'
import { fill, setting, type RowConfig } from './config.ts'
import { compileMessage, idSeparator, type Message, type MessageParts } from './message.ts'
import { compilePath, splitReference } from './reference.ts'
import { refused, type CompiledScheme, type SchemeOptions } from './scheme.ts'
import { decodeSignature, readSignatures, type FoundSignatures } from './signatures.ts'
import { isWithinWindow, parseTimestamp } from './timestamp.ts'

/**
 * The index of the first key by which any of the signatures is one of the message; undefined where
 * there is none.
 */
export type Matcher = (
  message: Message,
  parts: MessageParts,
  signatures: readonly Uint8Array[],
) => number | undefined

/** Compiles everything of a signing scheme but the cryptography. */
export function compileSigned(
  scheme: SignedScheme,
  matches: Matcher,
  options: SchemeOptions,
): CompiledScheme {
  const { idHeader, timestamp } = scheme
  const sources = resolveSources(scheme.signatures, options.config)
  const encoding = setting(Encoding, scheme.encoding, options.config)
  const message = compileMessage(scheme.signed)
  const separator = idSeparator(scheme.signed)
  const header = sources[0]?.name ?? ''

  return {
    header,
    isPresent: (headers) => sources.some((source) => headers.get(source.name) !== null),
    check({ headers, body }) {
      const found = collect(sources, headers)
      if (found.signatures.length > SIGNATURES_MAX) {
        return refused('SIGNATURE_MISMATCH', `${header} has more than ${SIGNATURES_MAX} signatures`)
      }
      const id = idHeader === undefined ? undefined : headers.get(idHeader)
      if (id === null || id === '') return refused('SIGNATURE_MISSING', `${idHeader} is missing`)
      if (id !== undefined && separator !== undefined && id.includes(separator)) {
        const reason = `${idHeader} contains "${separator}", which makes the signed text ambiguous`
        return refused('SIGNATURE_MISMATCH', reason)
      }
      const time = readTime(timestamp, headers, found)
      if (time !== undefined && 'kind' in time) return time

      const parts = { id: id ?? '', timestamp: time?.text ?? '', body }
      const secretIndex = matches(message, parts, decodeAll(found.signatures, encoding))
      if (secretIndex === undefined) {
        return refused('SIGNATURE_MISMATCH', `${header} does not match the body`)
      }
      if (timestamp !== undefined && time !== undefined) {
        if (!isWithinWindow(time.at, options.now(), timestamp)) return expired(timestamp)
      }
      return { kind: 'proven', id, timestamp: time?.text, secretIndex }
    },
    checkData:
      timestamp?.from.startsWith('json:') === true ? dataCheck(timestamp, options) : undefined,
  }
}

/** Fills in what the operator configured. */
export function resolveSources(
  sources: readonly SignatureSource[],
  config: RowConfig,
): readonly SignatureSource[] {
  return sources.map((source) => ({
    ...source,
    name: setting(HeaderName, source.name.toLowerCase(), config),
    ...('prefix' in source ? { prefix: fill(source.prefix, config) } : {}),
  }))
}

function collect(sources: readonly SignatureSource[], headers: Headers): FoundSignatures {
  const signatures: string[] = []
  let pairs: FoundSignatures['pairs']
  for (const source of sources) {
    const header = headers.get(source.name)
    if (header === null) continue
    const found = readSignatures(source, header)
    signatures.push(...found.signatures)
    pairs ??= found.pairs
  }
  return { signatures, pairs }
}

function decodeAll(signatures: readonly string[], encoding: Encoding): Uint8Array[] {
  return signatures
    .map((signature) => decodeSignature(signature, encoding))
    .filter((bytes) => bytes !== undefined)
}

interface Time {
  readonly text: string
  readonly at: EpochMs
}

/** The time outside the body; undefined where the scheme has none there. */
function readTime(
  timestamp: Timestamp | undefined,
  headers: Headers,
  found: FoundSignatures,
): Time | Refused | undefined {
  if (timestamp === undefined) return undefined
  const [place, name] = splitReference(timestamp.from)
  if (place === 'json') return undefined
  const text = place === 'header' ? headers.get(name) : theOnly(found.pairs?.get(name))
  if (text === null) return refused('SIGNATURE_MISSING', `${name} is missing`)
  const at = parseTimestamp(text, timestamp.unit)
  if (at !== undefined) return { text, at }
  return refused('SIGNATURE_MISMATCH', `${name} is not one whole number (${timestamp.unit})`)
}

/** The value of a pair that stands there once. */
function theOnly(values: readonly string[] | undefined): string {
  return values?.length === 1 ? (values[0] ?? '') : ''
}

/** For a time within the body: read only after the signature matched. */
function dataCheck(timestamp: Timestamp, options: SchemeOptions): CompiledScheme['checkData'] {
  const [, path] = splitReference(timestamp.from)
  const read = compilePath(path)
  return (data) => {
    const value = read(data)
    const text = typeof value === 'number' || typeof value === 'string' ? String(value) : ''
    const at = parseTimestamp(text, timestamp.unit)
    if (at === undefined)
      return refused('SIGNATURE_MISSING', `the signed body has no time in ${path}`)
    return isWithinWindow(at, options.now(), timestamp) ? undefined : expired(timestamp)
  }
}

function expired(timestamp: Timestamp): Refused {
  const [, name] = splitReference(timestamp.from)
  return refused('SIGNATURE_EXPIRED', `${name} is more than ${timestamp.toleranceSeconds} s off`)
}
