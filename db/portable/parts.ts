import { concat } from '../chunk.ts'
import { PARAMETER_BYTES_MAX } from '../../src/limits/edge.ts'

/** What one of many becomes: a row, and perhaps bytes that belong to it. */
export interface Part {
  readonly row: Readonly<Record<string, string | number | null | undefined>>
  readonly bytes?: Uint8Array | undefined
}

/** Parameters of one statement. */
export interface Parts {
  /** A list of rows; one with bytes says with `o` and `l` where they stand in `bytes`. */
  readonly json: string
  readonly bytes: Uint8Array
}

/** A UTF-16 unit is at most this many bytes of UTF-8. */
const UTF8_BYTES_PER_UNIT_MAX = 3

/**
 * Makes parameters of many rows: in as few statements as keep each parameter below its limit. One
 * that is too long alone has a statement of its own.
 */
export function inParts<T>(items: readonly T[], toPart: (item: T) => Part): readonly Parts[] {
  const done: Parts[] = []
  let rows: string[] = []
  let values: Uint8Array[] = []
  let chars = 0
  let offset = 0

  function finish(): void {
    if (rows.length > 0) done.push({ json: `[${rows.join()}]`, bytes: concat(values, offset) })
    rows = []
    values = []
    chars = 0
    offset = 0
  }

  for (const item of items) {
    const { row, bytes } = toPart(item)
    const length = bytes?.byteLength ?? 0
    const json = JSON.stringify(bytes === undefined ? row : { ...row, o: 0, l: length })
    const isFull =
      (chars + json.length) * UTF8_BYTES_PER_UNIT_MAX > PARAMETER_BYTES_MAX ||
      offset + length > PARAMETER_BYTES_MAX
    if (isFull) finish()
    rows.push(bytes === undefined ? json : JSON.stringify({ ...row, o: offset, l: length }))
    chars += json.length + 1
    if (bytes !== undefined) values.push(bytes)
    offset += length
  }
  finish()
  return done
}
