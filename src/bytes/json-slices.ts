/**
 * Where the parts of a JSON document lie in its bytes, so that one can be passed on exactly as it
 * was written: numbers too long for JavaScript, escapes, white space.
 *
 * Only for UTF-8 that `JSON.parse` takes, without a byte order mark: nothing is validated again.
 * Nothing here recurses, so a deep document costs time, not stack.
 */
import { assert } from '../assert.ts'

/** The bytes from `start` up to, not including, `end`. */
export interface Slice {
  readonly start: number
  readonly end: number
}

const SPACES: ReadonlySet<number | undefined> = new Set(Buffer.from(' \t\n\r'))
const [QUOTE, BACKSLASH, COMMA] = Buffer.from('"\\,')
const OPENING: ReadonlySet<number | undefined> = new Set(Buffer.from('{['))
const CLOSING: ReadonlySet<number | undefined> = new Set(Buffer.from('}]'))
const decoder = new TextDecoder()

/**
 * The values of an object's members, by name. Of a name that occurs twice it is the last one, as
 * with `JSON.parse`.
 */
export function memberSlices(bytes: Uint8Array, at = 0): ReadonlyMap<string, Slice> {
  const members = new Map<string, Slice>()
  eachPart(bytes, at, (from) => {
    const nameEnd = endOfString(bytes, from)
    const name = JSON.parse(decoder.decode(bytes.subarray(from, nameEnd))) as string
    const start = skipSpace(bytes, skipSpace(bytes, nameEnd) + 1) // behind the colon
    const end = endOfValue(bytes, start)
    members.set(name, { start, end })
    return end
  })
  return members
}

/** The elements of an array, in their order. */
export function elementSlices(bytes: Uint8Array, at = 0): readonly Slice[] {
  const elements: Slice[] = []
  eachPart(bytes, at, (start) => {
    const end = endOfValue(bytes, start)
    elements.push({ start, end })
    return end
  })
  return elements
}

/** Calls `read` at the start of each part of an object or array; it returns where the part ends. */
function eachPart(bytes: Uint8Array, at: number, read: (start: number) => number): void {
  const open = skipSpace(bytes, at)
  assert(OPENING.has(bytes[open]), 'an object or an array starts here')
  let next = skipSpace(bytes, open + 1)
  while (!CLOSING.has(bytes[next])) {
    const after = skipSpace(bytes, read(next))
    next = bytes[after] === COMMA ? skipSpace(bytes, after + 1) : after
  }
}

function endOfValue(bytes: Uint8Array, start: number): number {
  if (bytes[start] === QUOTE) return endOfString(bytes, start)
  return OPENING.has(bytes[start]) ? endOfContainer(bytes, start) : endOfScalar(bytes, start)
}

function endOfContainer(bytes: Uint8Array, start: number): number {
  let depth = 0
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte === QUOTE) at = endOfString(bytes, at) - 1
    else if (OPENING.has(byte)) depth += 1
    else if (CLOSING.has(byte)) depth -= 1
    if (depth === 0) return at + 1
  }
  throw unfinished()
}

function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    if (bytes[at] === BACKSLASH) at += 1
    else if (bytes[at] === QUOTE) return at + 1
  }
  throw unfinished()
}

/** A number or a word: it ends where something else begins. */
function endOfScalar(bytes: Uint8Array, start: number): number {
  let at = start
  while (at < bytes.length && !SPACES.has(bytes[at])) {
    if (bytes[at] === COMMA || CLOSING.has(bytes[at])) break
    at += 1
  }
  return at
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from
  while (SPACES.has(bytes[at])) at += 1
  assert(at < bytes.length, 'a JSON document goes on here')
  return at
}

function unfinished(): Error {
  return new Error('only documents that JSON.parse takes have slices')
}
