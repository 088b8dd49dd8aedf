import { GatewayError, messageOf } from '../../src/errors.ts'
import type { Batches, SqlRow, SqlValue } from './batches.ts'

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
      const bound = statements.map(({ sql, params }) => database.prepare(sql).bind(...params))
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

/** D1 gives blobs as lists of numbers. */
function toRow(row: unknown): SqlRow {
  const entries = Object.entries(row as Readonly<Record<string, SqlValue | readonly number[]>>)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? Uint8Array.from(value) : value]),
  ) as SqlRow
}
