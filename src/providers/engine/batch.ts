import { assert } from '../../assert.ts'
import { elementSlices, memberSlices } from '../../bytes/json-slices.ts'
import type { BatchRule } from '../row.ts'
import type { ReadBody } from './body.ts'
import { compilePath } from './reference.ts'

/** One event of a batch. */
export interface Element {
  /** Exactly as it was written. */
  readonly bytes: Uint8Array
  readonly data: unknown
}

const encoder = new TextEncoder()
const [ARRAY_START] = encoder.encode('[')

/** No white space of JSON's is above it. */
const SPACE = 0x20

/** Finds the events of a batch; undefined where there is no array: then the body is one event. */
type Split = (bytes: Uint8Array, body: ReadBody) => readonly Element[] | undefined

/** Compiles the ways to the events of a batch; the first that leads to an array counts. */
export function compileSplit(at: BatchRule['at']): Split {
  const splits = [at].flat().map(compilePlace)
  return (received, body) => {
    for (const split of splits) {
      const events = split(received, body)
      if (events !== undefined) return events
    }
    return undefined
  }
}

/** Compiles one way: `$`, the body itself, or a path to the array. */
function compilePlace(at: string): Split {
  const steps = at === '$' ? [] : at.split('.')
  const read = at === '$' ? (data: unknown) => data : compilePath(at)
  return (received, { parsed, json, isInForm }) => {
    if (parsed.kind !== 'json' || json === undefined) return undefined
    const values = read(parsed.value)
    if (!Array.isArray(values)) return undefined
    // In a form the JSON is encoded once more: its own bytes are what was meant.
    const bytes = isInForm === true ? encoder.encode(json) : received
    const first = bytes.findIndex((byte) => byte > SPACE)
    const start = steps.reduce((from, step) => stepInto(bytes, from, step), first)
    const slices = elementSlices(bytes, start)
    return values.map((data: unknown, index) => {
      const slice = slices[index]
      return { bytes: bytes.subarray(slice?.start, slice?.end), data }
    })
  }
}

/** Where a member's value starts, or, within an array, that of the element with this index. */
function stepInto(bytes: Uint8Array, from: number, step: string): number {
  const slice =
    bytes[from] === ARRAY_START
      ? elementSlices(bytes, from)[Number(step)]
      : memberSlices(bytes, from).get(step)
  assert(slice !== undefined, 'a path that led to data leads to its bytes')
  return slice.start
}
