/**
 * The part of Structured Fields (RFC 9651) that HTTP signatures use: dictionaries of byte sequences
 * and of inner lists. Only the canonical spelling is read, because the text itself is signed.
 */
import { decodeSignature } from '../engine/signatures.ts'

const KEY = /[a-z*][a-z0-9_.*-]*/y
const STRING = /"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y
const INTEGER = /-?\d{1,15}/y
const BYTES = /:([A-Za-z0-9+/]*={0,2}):/y
const TOKEN = /[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*/y
const BOOLEAN = /\?[01]/y
const SEPARATOR = /[ \t]*,[ \t]*/y

/** An integer or a string; `true` for anything else, which no signature's rules depend on. */
export type Parameter = string | number | true
export type Parameters = ReadonlyMap<string, Parameter>

export interface Item {
  readonly name: string
  readonly parameters: Parameters
}

export interface InnerList {
  readonly items: readonly Item[]
  readonly parameters: Parameters
  /** As it stands in the header. */
  readonly text: string
}

/** Reads forward through one header's value. */
interface Reader {
  readonly text: string
  at: number
}

/** Reads a dictionary whose members are byte sequences; undefined where it is not one. */
export function readByteDictionary(text: string): ReadonlyMap<string, Uint8Array> | undefined {
  return readDictionary(text, (reader) => {
    const encoded = take(reader, BYTES)?.[1]
    return encoded === undefined ? undefined : decodeSignature(encoded, 'base64')
  })
}

/** Reads a dictionary whose members are inner lists of strings; undefined where it is not one. */
export function readListDictionary(text: string): ReadonlyMap<string, InnerList> | undefined {
  return readDictionary(text, readInnerList)
}

function readDictionary<T>(
  text: string,
  readMember: (reader: Reader) => T | undefined,
): ReadonlyMap<string, T> | undefined {
  const reader = { text, at: 0 }
  const members = new Map<string, T>()
  for (;;) {
    const key = take(reader, KEY)?.[0]
    if (key === undefined || members.has(key) || !skip(reader, '=')) return undefined
    const member = readMember(reader)
    if (member === undefined) return undefined
    members.set(key, member)
    if (reader.at === text.length) return members
    if (take(reader, SEPARATOR) === undefined) return undefined
  }
}

function readInnerList(reader: Reader): InnerList | undefined {
  const start = reader.at
  const items: Item[] = []
  if (!skip(reader, '(')) return undefined
  while (!skip(reader, ')')) {
    if (items.length > 0 && !skip(reader, ' ')) return undefined
    const name = readString(reader)
    const parameters = readParameters(reader)
    if (name === undefined || parameters === undefined) return undefined
    items.push({ name, parameters })
  }
  const parameters = readParameters(reader)
  if (parameters === undefined) return undefined
  return { items, parameters, text: reader.text.slice(start, reader.at) }
}

function readParameters(reader: Reader): Parameters | undefined {
  const parameters = new Map<string, Parameter>()
  while (skip(reader, ';')) {
    const key = take(reader, KEY)?.[0]
    if (key === undefined || parameters.has(key)) return undefined
    const value = skip(reader, '=') ? readBare(reader) : true
    if (value === undefined) return undefined
    parameters.set(key, value)
  }
  return parameters
}

function readBare(reader: Reader): Parameter | undefined {
  const text = readString(reader)
  if (text !== undefined) return text
  const integer = take(reader, INTEGER)?.[0]
  if (integer !== undefined) return Number(integer)
  const other = take(reader, BYTES) ?? take(reader, BOOLEAN) ?? take(reader, TOKEN)
  return other === undefined ? undefined : true
}

function readString(reader: Reader): string | undefined {
  return take(reader, STRING)?.[1]?.replaceAll(/\\(["\\])/g, '$1')
}

function take(reader: Reader, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = reader.at
  const match = pattern.exec(reader.text) ?? undefined
  if (match !== undefined) reader.at = pattern.lastIndex
  return match
}

function skip(reader: Reader, literal: string): boolean {
  if (!reader.text.startsWith(literal, reader.at)) return false
  reader.at += literal.length
  return true
}
