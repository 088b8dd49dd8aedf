import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GatewayError, messageOf } from '../src/faults/faults.ts'
import { takeOwnerLock } from './files.ts'
import { LOCK_FILE, openLock, openReader, type Reader } from './open.ts'

/** Of what is damaged, the first lines say enough. */
const LINES_MAX = 5

/** What is known of a database without opening it for writing. */
export type QuickCheck =
  | { readonly kind: 'absent' }
  /** A gateway runs: the check would read the whole file behind its back. */
  | { readonly kind: 'in use' }
  /** Not even that: the disk, its rights, or another program's file. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'checked'; readonly problems: readonly string[] }

/** Runs SQLite's `quick_check` on a gateway's file, unless a gateway is running on it. */
export function quickCheck(path: string): QuickCheck {
  if (!existsSync(path)) return { kind: 'absent' }
  try {
    if (isOwned(join(dirname(path), LOCK_FILE))) return { kind: 'in use' }
    using reader = openReader(path)
    return { kind: 'checked', problems: problemsIn(reader) }
  } catch (error) {
    const reason = error instanceof GatewayError ? error.detail : messageOf(error)
    return { kind: 'unreadable', reason }
  }
}

function problemsIn({ client }: Reader): string[] {
  try {
    const rows = client.query<{ quick_check: string }, []>(`PRAGMA quick_check(${LINES_MAX})`).all()
    return rows.map((row) => messageOf(row.quick_check)).filter((line) => line !== 'ok')
  } catch (error) {
    return [messageOf(error)]
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
