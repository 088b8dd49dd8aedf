import { closeSync, fdatasync, openSync } from 'node:fs'

/**
 * Makes everything that is committed survive a power cut, off the event loop, then calls back once.
 */
export interface Sync {
  run(done: (error: Error | null) => void): void
  close(): void
}

/**
 * Syncs the WAL through a descriptor of its own. `fdatasync`, where SQLite's own commit would
 * `fsync`: on ext4 and xfs that spares the journal commit of an inode which does not change. It is
 * safe to open and close this file beside SQLite, whose locks live on the database and on `-shm`;
 * those two are never opened here.
 */
export function openWalSync(databasePath: string): Sync {
  const descriptor = openSync(`${databasePath}-wal`, 'r+')
  return {
    run: (done) => fdatasync(descriptor, done),
    close: () => closeSync(descriptor),
  }
}
