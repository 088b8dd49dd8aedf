import { GatewayError, messageOf } from '../../src/errors.ts'
import type { Batches, SqlRow, SqlValue } from './batches.ts'

/**
 * Bytes up to here travel as text: D1 sends a blob as a list of numbers, and making that takes
 * 341 ms of CPU for 1 MiB, text 31. D1 takes 2,000,000 bytes of text.
 */
const HEX_BYTES_MAX = 950_000

/** What is used of Cloudflare's `D1Database`. */
export interface D1 {
  prepare(sql: string): D1Statement
  batch(statements: D1Statement[]): Promise<readonly { readonly results: readonly unknown[] }[]>
}

export interface D1Statement {
  bind(...params: unknown[]): D1Statement
}

/** D1 runs a batch as one transaction, and has made it durable when it answers. */
export function d1Batches(database: D1): Batches {
  return {
    async batch(statements) {
      const bound = statements.map(({ sql, params }) => {
        return database.prepare(sql).bind(...params.map(toParam))
      })
      try {
        const results = await database.batch(bound)
        return results.map(({ results: rows }) => rows.map(toRow))
      } catch (cause) {
        const detail = messageOf(cause)
        const code = FULL.test(detail) ? 'STORAGE_FULL' : 'STORAGE_FAILED'
        throw new GatewayError(code, detail, { cause })
      }
    },
  }
}

/** D1 has no codes: this is what it says at the maximum of its plan, and what SQLite says. */
const FULL = /maximum DB size|database or disk is full/i

function toParam(value: SqlValue): SqlValue {
  const isShort = value instanceof Uint8Array && value.byteLength <= HEX_BYTES_MAX
  return isShort ? value.toHex() : value
}

/** D1 gives blobs as lists of numbers. */
function toRow(row: unknown): SqlRow {
  const entries = Object.entries(row as Readonly<Record<string, SqlValue | readonly number[]>>)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? Uint8Array.from(value) : value]),
  ) as SqlRow
}
