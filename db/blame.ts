/**
 * Who is to blame for an error inside a transaction. `full`: the disk; the transaction is gone, the
 * next one may succeed. `moment`: the same for memory, or for a lock that a person's SQL shell
 * holds. `storage`: the file or the disk cannot be trusted any more. `item`: what was to be stored.
 */
export type Blame = 'full' | 'moment' | 'storage' | 'item'

/** By result code (sqlite.org/rescode.html), whose low byte is the primary one. */
const BLAME_OF_CODE: ReadonlyMap<number, Blame> = new Map([
  [5, 'moment'], // BUSY
  [6, 'moment'], // LOCKED
  [7, 'moment'], // NOMEM
  [8, 'storage'], // READONLY
  [10, 'storage'], // IOERR
  [11, 'storage'], // CORRUPT
  [13, 'full'], // FULL
  [14, 'storage'], // CANTOPEN
  [15, 'storage'], // PROTOCOL
  [26, 'storage'], // NOTADB
])

/** By SQLite's extended result code. */
export function blameOfCode(code: number): Blame {
  return BLAME_OF_CODE.get(code & 0xff) ?? 'item'
}
