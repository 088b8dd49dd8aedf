import type { Database } from 'bun:sqlite'
import { assert } from '../src/assert.ts'
import { GatewayError } from '../src/faults/faults.ts'

/** `INLT`: says in the file's header whose it is. */
export const APPLICATION_ID = 0x494e4c54

/**
 * Of a new file. Written to the disk for each event of 2.3 KB, with 256 waiting: 5.7 KB with pages
 * of 4 KiB, 6.2 with 8, 6.5 to 7.0 with 16, at the same CPU time. A lone event costs 48 KB with
 * 4 KiB pages, 116 KB with 16, 410 KB with 64.
 */
const PAGE_BYTES = 4_096

/**
 * In this order: the timeout before anything can be busy; page size and vacuum mode before the
 * first table and before WAL, which fixes them; WAL before what depends on it. Each value is the
 * one that SQLite reads back.
 */
const PRAGMAS: readonly (readonly [name: string, value: number | string])[] = [
  // It blocks the event loop. Nobody else writes here, so only a person with a SQL
  // shell ever meets it.
  ['busy_timeout', 250],
  ['auto_vacuum', 2], // incremental
  ['journal_mode', 'wal'],
  // The writer syncs the WAL itself, off the event loop: see db/DESIGN.md.
  ['synchronous', 1], // NORMAL
  ['wal_autocheckpoint', 0],
  // The WAL keeps its blocks: overwriting them lets fdatasync skip the file system's journal.
  ['journal_size_limit', -1],
  // An I/O error on a mapped file is a signal, not an error code.
  ['mmap_size', 0],
  ['temp_store', 2], // memory
  ['trusted_schema', 0],
  ['cell_size_check', 1],
  ['cache_size', -32_768], // KiB
  ['application_id', APPLICATION_ID],
]

/**
 * Sets every pragma and reads it back: SQLite ignores what it cannot do.
 *
 * @throws GatewayError STORAGE_UNUSABLE naming the pragma that did not take.
 */
export function applyPragmas(client: Database): void {
  // Ignored by a file that has pages already, so the only one that is not read back.
  client.run(`PRAGMA page_size = ${PAGE_BYTES}`)
  for (const [name, value] of PRAGMAS) {
    client.run(`PRAGMA ${name} = ${value}`)
    const actual = readPragma(client, name)
    if (actual === value) continue
    throw new GatewayError('STORAGE_UNUSABLE', `${name} is ${String(actual)}, not ${value}`)
  }
}

/** The value of a pragma that is a number. */
export function readNumber(client: Database, name: string): number {
  const value = readPragma(client, name)
  assert(typeof value === 'number', `the pragma ${name} is a number`)
  return value
}

function readPragma(client: Database, name: string): unknown {
  const [row] = client.query<Record<string, unknown>, []>(`PRAGMA ${name}`).all()
  return row === undefined ? undefined : Object.values(row)[0]
}
