import { assert } from '../../src/assert.ts'
import type { SqlRow } from './batches.ts'

/**
 * A row that comes as one JSON object, `json`. node:sqlite on Deno cuts a text at its first NUL,
 * and JSON escapes it.
 */
export function jsonOf(row: SqlRow): unknown {
  const { json } = row
  assert(typeof json === 'string', 'a row has its JSON')
  return JSON.parse(json)
}

/** A blob of a row; null where it is none. */
export function bytesOf(row: SqlRow, column: string): Uint8Array | null {
  const value = row[column]
  return value instanceof Uint8Array ? value : null
}
