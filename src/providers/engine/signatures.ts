/**
 * The forms in which providers write signatures: read, and written by the sample sender.
 */
import { Buffer } from 'node:buffer'
import { unreachable } from '../../assert.ts'
import type { SignatureSource } from '../schemes.ts'
import type { Encoding, Hash } from '../values.ts'

/** What a place holds. */
export interface FoundSignatures {
  /** Still encoded. */
  readonly signatures: readonly string[]
  /** The hash that it names. */
  readonly hash?: Hash | undefined
  /** The pairs of a `kv` value, and the first item of a positional one as `0`. */
  readonly pairs?: ReadonlyMap<string, readonly string[]>
}

const NONE: FoundSignatures = { signatures: [] }

/** Reads one place. What does not have the form is no signature. */
export function readSignatures(source: SignatureSource, value: string): FoundSignatures {
  switch (source.format) {
    case 'raw':
      return { signatures: [value] }
    case 'prefix': {
      const { prefix } = source
      return value.startsWith(prefix) ? { signatures: [value.slice(prefix.length)] } : NONE
    }
    case 'algorithm': {
      const at = value.indexOf(source.separator)
      const hash = source.allow.find((each) => each === value.slice(0, Math.max(0, at)))
      if (hash === undefined) return NONE
      return { hash, signatures: [value.slice(at + source.separator.length)] }
    }
    case 'kv': {
      const pairs = readPairs(value, source.pairSeparator, source.keySeparator)
      return { signatures: pairs.get(source.key) ?? [], pairs }
    }
    case 'list': {
      const start = source.version + source.versionSeparator
      const items = value.split(source.itemSeparator).filter((item) => item.startsWith(start))
      return { signatures: items.map((item) => item.slice(start.length)) }
    }
    case 'positional': {
      const [first = '', ...signatures] = value.split(source.separator)
      return { signatures, pairs: new Map([['0', [first]]]) }
    }
    default:
      return unreachable(source)
  }
}

function readPairs(value: string, between: string, within: string): Map<string, string[]> {
  const pairs = new Map<string, string[]>()
  for (const pair of value.split(between)) {
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

/** What a provider writes beside its signature. */
export interface Written {
  readonly timestamp?: { readonly key: string; readonly text: string } | undefined
  readonly hash?: Hash | undefined
}

/** Writes a value as the provider would. */
export function writeSignature(
  source: SignatureSource,
  signature: string,
  { timestamp, hash }: Written,
): string {
  switch (source.format) {
    case 'raw':
      return signature
    case 'prefix':
      return source.prefix + signature
    case 'algorithm':
      return `${hash}${source.separator}${signature}`
    case 'kv': {
      const pairs = [[source.key, signature]]
      if (timestamp !== undefined) pairs.unshift([timestamp.key, timestamp.text])
      return pairs.map((pair) => pair.join(source.keySeparator)).join(source.pairSeparator)
    }
    case 'list':
      return source.version + source.versionSeparator + signature
    case 'positional':
      return `${timestamp?.text ?? ''}${source.separator}${signature}`
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
