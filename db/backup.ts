import { Database } from 'bun:sqlite'
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { GatewayError, messageOf } from '../src/faults/faults.ts'
import { syncDirectory } from '../src/durable-file.ts'
import { createPrivately } from './files.ts'
import type { Reader } from './open.ts'

/** What a backup holds. */
export interface Backup {
  readonly bytes: number
  readonly events: number
  /** Records that are not on their topics yet: a restored gateway publishes them again. */
  readonly unpublished: number
}

/**
 * Copies a gateway's database, as it is at one moment, into a file that does not exist yet. Called
 * in a process of its own: the gateway goes on meanwhile, and only its WAL cannot start over. The
 * file appears under its name once it is whole, checked and on disk.
 *
 * @throws GatewayError BACKUP_FAILED
 */
export function backUp(reader: Reader, file: string): Backup {
  const target = resolve(file)
  const partial = `${target}.partial`
  if (existsSync(target)) throw failure(`${target} exists, and a backup replaces nothing`)
  if (existsSync(partial)) throw failure(`${partial} exists: another backup is writing it, or died`)
  try {
    createPrivately(partial)
    // SQLite takes what is empty for new. One reading transaction, so one moment; what it writes
    // is no WAL database, so that the copy is one file.
    reader.client.run('VACUUM INTO ?', [partial])
    const backup = finish(partial)
    syncFile(partial)
    renameSync(partial, target)
    syncDirectory(dirname(target))
    return backup
  } catch (cause) {
    rmSync(partial, { force: true })
    if (cause instanceof GatewayError) throw cause
    throw failure(`${target}: ${messageOf(cause)}`, cause)
  }
}

/** Checks the copy, and takes from it what must not be twice: the next start makes a new epoch. */
function finish(path: string): Backup {
  using copy = new Database(path, { readwrite: true, strict: true })
  const [problem] = copy.query<{ integrity_check: string }, []>('PRAGMA integrity_check(1)').all()
  if (problem?.integrity_check !== 'ok') {
    throw failure(`the copy is damaged, and so is the database: ${problem?.integrity_check}`)
  }
  copy.run("DELETE FROM meta WHERE name = 'epoch'")
  const counts = copy
    .query<{ events: number; unpublished: number }, []>(
      `SELECT (SELECT count(*) FROM inbox) AS events,
        (SELECT count(*) FROM outbox WHERE seq > (SELECT high_water FROM relay_progress))
          + (SELECT count(*) FROM outbox_exceptions) AS unpublished`,
    )
    .get()
  const { events = 0, unpublished = 0 } = counts ?? {}
  return { bytes: statSync(path).size, events, unpublished }
}

function syncFile(path: string): void {
  const descriptor = openSync(path, 'r+')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function failure(detail: string, cause?: unknown): GatewayError {
  return new GatewayError('BACKUP_FAILED', detail, { cause })
}
