/**
 * The forms in which providers write signatures into a header: read, and written by the sample
 * sender.
 */
import { Buffer } from 'node:buffer'
import { unreachable } from '../../assert.ts'
import type { Encoding, SignatureSource } from '../row.ts'

/** What a signature header holds. */
export interface FoundSignatures {
  /** Still encoded. */
  readonly signatures: readonly string[]
  /** The pairs of a `kv` header; undefined for other formats. */
  readonly pairs: ReadonlyMap<string, readonly string[]> | undefined
}

/** Reads one header. What does not have the form is no signature. */
export function readSignatures(source: SignatureSource, header: string): FoundSignatures {
  switch (source.format) {
    case 'raw':
      return { signatures: [header], pairs: undefined }
    case 'prefix': {
      const { prefix } = source
      const signatures = header.startsWith(prefix) ? [header.slice(prefix.length)] : []
      return { signatures, pairs: undefined }
    }
    case 'kv': {
      const pairs = readPairs(header, source.pairSeparator, source.keySeparator)
      return { signatures: pairs.get(source.key) ?? [], pairs }
    }
    case 'list': {
      const start = source.version + source.versionSeparator
      const items = header.split(source.itemSeparator).filter((item) => item.startsWith(start))
      return { signatures: items.map((item) => item.slice(start.length)), pairs: undefined }
    }
    default:
      return unreachable(source)
  }
}

function readPairs(header: string, between: string, within: string): Map<string, string[]> {
  const pairs = new Map<string, string[]>()
  for (const pair of header.split(between)) {
    const at = pair.indexOf(within)
    if (at === -1) continue
    // Trimmed, because two headers of one name arrive joined with a comma and a blank: a second `t`
    // must be seen.
    const key = pair.slice(0, at).trim()
    const values = pairs.get(key) ?? []
    values.push(pair.slice(at + within.length))
    pairs.set(key, values)
  }
  return pairs
}

/** Writes a header as the provider would; `timestamp` is what a `kv` header carries as its time. */
export function writeSignature(
  source: SignatureSource,
  signature: string,
  timestamp: { readonly key: string; readonly text: string } | undefined,
): string {
  switch (source.format) {
    case 'raw':
      return signature
    case 'prefix':
      return source.prefix + signature
    case 'kv': {
      const pairs = [[source.key, signature]]
      if (timestamp !== undefined) pairs.unshift([timestamp.key, timestamp.text])
      return pairs.map((pair) => pair.join(source.keySeparator)).join(source.pairSeparator)
    }
    case 'list':
      return source.version + source.versionSeparator + signature
    default:
      return unreachable(source)
  }
}

/**
 * Decodes a signature, or returns undefined where it is not exactly what an encoder writes.
 * Buffer.from alone stops at the first wrong character and calls the rest a success.
 */
export function decodeSignature(text: string, encoding: Encoding): Uint8Array | undefined {
  const bytes = Buffer.from(text, encoding)
  if (encoding === 'hex') return bytes.length * 2 === text.length ? bytes : undefined
  return bytes.toString(encoding) === text ? bytes : undefined
}

export function encodeSignature(bytes: Uint8Array, encoding: Encoding): string {
  return Buffer.from(bytes).toString(encoding)
}
