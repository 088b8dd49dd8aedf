import type { Database } from 'bun:sqlite'
import type { Blame } from './blame.ts'
import { blameOf } from './failures.ts'

/** How a copy of the WAL ended: what could not be copied stays for the next one. */
export type CheckpointAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly blame: Blame; readonly message: string }

/**
 * Copies what it can of the WAL into the database file, and syncs both; never throws. TRUNCATE also
 * gives the file of the WAL back, where nobody reads from it.
 */
export function copyWal(
  client: Database,
  mode: 'PASSIVE' | 'TRUNCATE' = 'PASSIVE',
): CheckpointAnswer {
  try {
    client.run(`PRAGMA wal_checkpoint(${mode})`)
    return { kind: 'done' }
  } catch (error) {
    return { kind: 'failed', blame: blameOf(error), message: String(error) }
  }
}
