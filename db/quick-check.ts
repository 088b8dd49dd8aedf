import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GatewayError, messageOf } from '../src/faults/faults.ts'
import { takeOwnerLock } from './files.ts'
import { LOCK_FILE, openLock, openReader } from './open.ts'

/** Of what is damaged, the first lines say enough. */
const LINES_MAX = 5

/** What is known of a database without opening it for writing. */
export type QuickCheck =
  | { readonly kind: 'absent' }
  /** A gateway runs: the check would read the whole file behind its back. */
  | { readonly kind: 'in use' }
  | { readonly kind: 'checked'; readonly problems: readonly string[] }

/** Runs SQLite's `quick_check` on a gateway's file, unless a gateway is running on it. */
export function quickCheck(path: string): QuickCheck {
  if (!existsSync(path)) return { kind: 'absent' }
  if (isOwned(join(dirname(path), LOCK_FILE))) return { kind: 'in use' }
  try {
    using reader = openReader(path)
    const rows = reader.client
      .query<{ quick_check: string }, []>(`PRAGMA quick_check(${LINES_MAX})`)
      .all()
    const problems = rows.map((row) => messageOf(row.quick_check)).filter((line) => line !== 'ok')
    return { kind: 'checked', problems }
  } catch (error) {
    const problem = error instanceof GatewayError ? error.detail : messageOf(error)
    return { kind: 'checked', problems: [problem] }
  }
}

/** Tried and freed at once. A lock file that is missing is not made: it could be another user's. */
function isOwned(lockPath: string): boolean {
  if (!existsSync(lockPath)) return false
  try {
    takeOwnerLock(lockPath, openLock).release()
    return false
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'DATA_DIR_IN_USE') return true
    throw error
  }
}
