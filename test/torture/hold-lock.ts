/**
 * Holds the write lock of a database, again and again, until it is killed: a commit that meets it
 * fails. In a process of its own, because the gateway must not see a second connection close.
 */
import { Database } from 'bun:sqlite'

/** Longer than a commit waits for the lock. */
const HELD_MS = 600
const FREE_MS = 100

const [path] = process.argv.slice(2)
if (path === undefined) throw new Error('usage: hold-lock.ts <path>')
const client = new Database(path, { readwrite: true })
client.run('PRAGMA busy_timeout = 1000')
for (;;) {
  client.run('BEGIN IMMEDIATE')
  Bun.sleepSync(HELD_MS)
  client.run('ROLLBACK')
  Bun.sleepSync(FREE_MS)
}
