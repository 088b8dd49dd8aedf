import { closeSync, existsSync, mkdirSync, openSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { syncDirectory } from '../src/durable-file.ts'
import { GatewayError, messageOf } from '../src/faults/faults.ts'

/**
 * `statfs` types (linux/magic.h) on which SQLite's locks or its shared memory cannot be trusted.
 */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
])

/**
 * The name of the network file system that a `statfs` type stands for; undefined for any other.
 * The numbers are Linux's: on macOS, which is for development, nothing is recognised.
 */
export function networkFileSystem(type: number): string | undefined {
  return process.platform === 'linux' ? NETWORK_FILE_SYSTEMS.get(type >>> 0) : undefined
}

/** Makes the directory, readable by its owner alone, and makes its name survive a power cut. */
export function makeDataDir(directory: string): void {
  // Whole: runtimes differ in whether they return a relative path as it was given.
  const whole = resolve(directory)
  const firstMade = mkdirSync(whole, { recursive: true, mode: 0o700 })
  for (let made = whole; firstMade !== undefined; made = dirname(made)) {
    syncDirectory(dirname(made))
    if (made === firstMade) break
  }
  const network = networkFileSystem(statfsSync(directory).type)
  if (network === undefined) return
  throw new GatewayError(
    'STORAGE_UNUSABLE',
    `${directory} is on ${network}; the database needs a local disk`,
  )
}

/** The bytes that this user may still write to the file system of a directory. */
export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}

/** The size of a file in bytes; 0 where it is not there. */
export function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/**
 * Creates an empty file for the owner alone, where there is none yet; SQLite gives `-wal` and
 * `-shm` the same mode. A file that exists is not touched: closing a descriptor of a database that
 * is open in this process would drop all of SQLite's locks on it.
 */
export function createPrivately(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
}

/**
 * Connections that hold a lock: without a reference the garbage collector would close them,
 * and free the lock.
 */
const lockHolders = new Set<LockClient>()

/** A connection of bun:sqlite's or node:sqlite's, as far as a lock needs one. */
export interface LockClient {
  exec(sql: string): unknown
  close(): void
}

/** Holds a database file for this process alone. */
export interface OwnerLock {
  release(): void
}

/**
 * Takes the lock: an exclusive transaction on a sibling file, so that the operating system frees it
 * when its owner dies, however it dies; a stopped owner keeps it.
 *
 * @throws GatewayError DATA_DIR_IN_USE where another connection, of any process, holds it.
 */
export function takeOwnerLock(path: string, open: (path: string) => LockClient): OwnerLock {
  createPrivately(path)
  const client = open(path)
  try {
    client.exec('PRAGMA journal_mode = MEMORY')
    client.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    client.close()
    throw new GatewayError('DATA_DIR_IN_USE', `${path}: ${messageOf(cause)}`, { cause })
  }
  lockHolders.add(client)
  return {
    release() {
      lockHolders.delete(client)
      client.exec('ROLLBACK')
      client.close()
    },
  }
}
