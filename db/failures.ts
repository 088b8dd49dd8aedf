import { SQLiteError } from 'bun:sqlite'
import { blameOfCode, type Blame } from './blame.ts'

/** Who is to blame for what bun:sqlite throws; anything else is the fault of what was done. */
export function blameOf(error: unknown): Blame {
  return error instanceof SQLiteError ? blameOfCode(error.errno) : 'item'
}
