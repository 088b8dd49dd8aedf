import { backoffMs, type Backoff } from '../../src/backoff.ts'
import { systemClock, type Clock } from '../../src/clock.ts'
import { GatewayError, messageOf } from '../../src/faults/faults.ts'
import type { Batches, SqlRow, SqlValue, Statement } from './batches.ts'

/**
 * Bytes up to here travel as text: D1 sends a blob as a list of numbers, and making that takes
 * 341 ms of CPU for 1 MiB, text 31. D1 takes 2,000,000 bytes of text.
 */
const HEX_BYTES_MAX = 950_000

/** Tries of one batch, and what is between them: some providers wait no longer than a second. */
const TRIES_MAX = 3
const RETRY_BACKOFF: Backoff = { baseMs: 50, maxMs: 200 }

/**
 * What Cloudflare says to send again: its own restarts and connections. Whether the batch has run
 * is not known then, so every batch may run twice: an event is known by then, a mark has a receipt.
 */
const PASSING =
  /Network connection lost|caused object to be reset|its code was updated|transient issue/

/** D1 has no codes: this is what it says at the maximum of its plan, and what SQLite says. */
const FULL = /maximum DB size|database or disk is full/i

/** What is used of Cloudflare's `D1Database`. */
export interface D1 {
  prepare(sql: string): D1Statement
  batch(statements: D1Statement[]): Promise<readonly { readonly results: readonly unknown[] }[]>
}

export interface D1Statement {
  bind(...params: unknown[]): D1Statement
}

/** D1 runs a batch as one transaction, and has made it durable when it answers. */
export function d1Batches(database: D1, clock: Pick<Clock, 'sleep'> = systemClock): Batches {
  async function run(statements: readonly Statement[]) {
    const bound = statements.map(({ sql, params }) => {
      return database.prepare(sql).bind(...params.map(toParam))
    })
    const results = await database.batch(bound)
    return results.map(({ results: rows }) => rows.map(toRow))
  }

  return {
    async batch(statements) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await run(statements)
        } catch (cause) {
          const detail = messageOf(cause)
          if (attempt === TRIES_MAX || !PASSING.test(detail)) {
            const code = FULL.test(detail) ? 'STORAGE_FULL' : 'STORAGE_FAILED'
            throw new GatewayError(code, detail, { cause })
          }
          await clock.sleep(backoffMs(RETRY_BACKOFF, attempt))
        }
      }
    },
  }
}

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
