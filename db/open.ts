import { Database } from 'bun:sqlite'
import { drizzle, type BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { dirname, join } from 'node:path'
import { assert } from '../src/assert.ts'
import type { Clock } from '../src/clock.ts'
import { GatewayError, messageOf } from '../src/faults/faults.ts'
import { failpoint } from '../src/failpoint.ts'
import { randomToken } from '../src/ids.ts'
import { syncDirectory } from '../src/durable-file.ts'
import { createPrivately, makeDataDir, takeOwnerLock } from './files.ts'
import { openLifetime, type Lifetime } from './lifetime.ts'
import { assertMigrated, migrate, MIGRATIONS, type Migration } from './migrate.ts'
import { applyPragmas, APPLICATION_ID, readNumber } from './pragmas.ts'
import { assertSqliteVersion } from './sqlite-version.ts'
import { rewriteWal } from './sync.ts'
import { openTrust, type Trust } from './trust.ts'

/** The name of the file within the data directory. */
export const DATABASE_FILE = 'inlet.db'

/** The file beside it that its owner holds locked. */
export const LOCK_FILE = 'inlet.lock.db'

/** A connection to a gateway's file, for reading. */
export interface Reader extends Disposable {
  readonly path: string
  readonly client: Database
  readonly orm: BunSQLiteDatabase
  close(): void
}

/** The one connection that writes. */
export interface InletDatabase extends Reader, Trust {
  /** Random, made with the file. A copy that is restored must get a new one. */
  readonly epoch: string
  readonly nodeName: string
  /** Whether this start has migrated a file of an earlier version, which cannot read it now. */
  readonly isUpgraded: boolean
  /** The time by which what is stored grows old, whatever the wall clock says. */
  readonly lifetime: Lifetime
  /**
   * Runs `change` in one transaction: committed when it returns, rolled back when it throws. It is
   * synchronous, in type and at run time: an async function would be committed at its first
   * `await`, and what it throws later would roll back nothing. Committed is not yet synced: what is
   * acknowledged goes through the writer. Where the storage fails it, that is distrusted.
   */
  write<T>(change: () => T extends PromiseLike<unknown> ? never : T): T
}

export interface OpenDatabaseOptions {
  /** The file; its directory is made where it is missing. */
  readonly path: string
  readonly clock: Clock
  /** Default: the name that is stored, or a random one. */
  readonly nodeName?: string | undefined
  /** For tests. Default: what this program carries. */
  readonly migrations?: readonly Migration[]
}

/**
 * Opens the file of a gateway as its owner: alone, migrated, with everything that an earlier
 * process committed on disk.
 *
 * @throws GatewayError DATA_DIR_IN_USE, STORAGE_UNUSABLE.
 */
export function openDatabase(options: OpenDatabaseOptions): InletDatabase {
  assertSqliteVersion(readVersion())
  const directory = dirname(options.path)
  const lockPath = join(directory, LOCK_FILE)
  return orUnusable(options.path, () => {
    makeDataDir(directory)
    const lock = takeOwnerLock(lockPath, openLock)
    try {
      createPrivately(options.path)
      rewriteWal(options.path)
      const trust = openTrust()
      const database = openAsOwner(options, trust)
      syncDirectory(directory)
      const close = () => {
        if (trust.isTrusted) {
          emptyWalIfPossible(database.client)
          database.client.close()
        }
        lock.release()
      }
      return {
        ...database,
        ...trust,
        get isTrusted() {
          return trust.isTrusted
        },
        close,
        [Symbol.dispose]: close,
      }
    } catch (error) {
      lock.release()
      throw error
    }
  })
}

/**
 * Opens a gateway's file for reading, beside a running gateway or without one.
 *
 * @throws GatewayError STORAGE_UNUSABLE where there is no such file, or another version wrote it.
 */
export function openReader(path: string): Reader {
  return orUnusable(path, () => {
    const client = new Database(path, { readonly: true, strict: true })
    try {
      client.run('PRAGMA busy_timeout = 5000')
      refuseForeign(client, path)
      assertMigrated(client, MIGRATIONS)
    } catch (error) {
      client.close()
      throw error
    }
    const close = () => client.close()
    return { path, client, orm: drizzle(client), close, [Symbol.dispose]: close }
  })
}

function readVersion(): string {
  using client = new Database(':memory:')
  const row = client.query<{ version: string }, []>('SELECT sqlite_version() AS version').get()
  assert(row !== null, 'SQLite has a version')
  return row.version
}

/** A connection for `takeOwnerLock`. */
export function openLock(path: string): Database {
  return new Database(path, { readwrite: true, strict: true })
}

function openAsOwner(options: OpenDatabaseOptions, trust: Trust) {
  const client = new Database(options.path, { readwrite: true, strict: true })
  try {
    return prepare(client, options, trust)
  } catch (error) {
    client.close()
    throw error
  }
}

function prepare(client: Database, options: OpenDatabaseOptions, trust: Trust) {
  refuseForeign(client, options.path)
  applyPragmas(client)
  const migrations = options.migrations ?? MIGRATIONS
  const applied = migrate(client, migrations, options.clock.now())
  const isUpgraded = applied > 0 && applied < migrations.length
  const write = writeOn(client, trust)
  const { epoch, nodeName } = write(() => identify(client, options))
  const lifetime = write(() => openLifetime(client, options.clock))
  failpoint('open.migrated')
  // Before anything reads the outbox: what a killed process left in the page cache alone
  // becomes durable, or fails here. It rewrites every page, so it also repairs pages of the
  // database that an earlier failed sync dropped; those of the WAL are written anew before.
  if (!truncateWal(client)) {
    const detail = 'another connection keeps reading an old state: end it and start again'
    throw new GatewayError('STORAGE_UNUSABLE', detail)
  }
  const orm = drizzle(client)
  return { path: options.path, client, orm, epoch, nodeName, isUpgraded, lifetime, write }
}

function writeOn(client: Database, trust: Trust): InletDatabase['write'] {
  const begin = client.prepare('BEGIN IMMEDIATE')
  const commit = client.prepare('COMMIT')
  return (change) =>
    trust.guard(() => {
      begin.run()
      try {
        const result = change()
        if (isThenable(result)) {
          throw new TypeError('a transaction is synchronous: no async callback')
        }
        commit.run()
        return result
      } catch (error) {
        // SQLite has already rolled back by itself after some errors: a full disk, no memory.
        if (client.inTransaction) client.run('ROLLBACK')
        throw error
      }
    })
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value
}

function identify(client: Database, options: OpenDatabaseOptions) {
  client.run("INSERT INTO meta (name, value) VALUES ('epoch', ?) ON CONFLICT DO NOTHING", [
    randomToken(),
  ])
  client.run("INSERT INTO meta (name, value) VALUES ('node_name', ?) ON CONFLICT DO NOTHING", [
    options.nodeName ?? randomToken().slice(0, 8),
  ])
  if (options.nodeName !== undefined) {
    client.run("UPDATE meta SET value = ? WHERE name = 'node_name'", [options.nodeName])
  }
  client.run(
    'INSERT INTO relay_progress (id, high_water, at) VALUES (1, 0, ?) ON CONFLICT DO NOTHING',
    [options.clock.now()],
  )
  return { epoch: readMeta(client, 'epoch'), nodeName: readMeta(client, 'node_name') }
}

/** The name of the node that the file of a reader belongs to. */
export function nodeNameOf({ client }: Reader): string {
  return readMeta(client, 'node_name')
}

/** Names the file of a reader; undefined where it is a copy that was never started. */
export function epochOf({ client }: Reader): string | undefined {
  return findMeta(client, 'epoch')
}

function readMeta(client: Database, name: string): string {
  const value = findMeta(client, name)
  assert(value !== undefined, `meta has a ${name}`)
  return value
}

function findMeta(client: Database, name: string): string | undefined {
  const row = client
    .query<{ value: string }, [string]>('SELECT value FROM meta WHERE name = ?')
    .get(name)
  return row?.value
}

/**
 * Moves the whole WAL into the database file, syncs that, and empties the WAL. Returns whether
 * every frame was moved; a reader of the newest state may still keep the WAL from being
 * emptied, which harms nothing.
 */
function truncateWal(client: Database): boolean {
  const row = client
    .query<{ busy: number; log: number; checkpointed: number }, []>(
      'PRAGMA wal_checkpoint(TRUNCATE)',
    )
    .get()
  assert(row !== null, 'a checkpoint reports')
  return row.log === row.checkpointed
}

/** At the end it only spares the next start some work, and a full disk leaves no room for it. */
function emptyWalIfPossible(client: Database): void {
  try {
    truncateWal(client)
  } catch {
    // The next start reads the same WAL, and reports what is wrong.
  }
}

/** Protects a file that belongs to another program from us. */
function refuseForeign(client: Database, path: string): void {
  if (readNumber(client, 'application_id') === APPLICATION_ID) return
  const tables = client.query<{ n: number }, []>('SELECT count(*) AS n FROM sqlite_schema').get()
  if (tables?.n === 0) return
  throw new GatewayError('STORAGE_UNUSABLE', `${path} is not a database of this program`)
}

function orUnusable<T>(path: string, open: () => T): T {
  try {
    return open()
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('STORAGE_UNUSABLE', `${path}: ${messageOf(cause)}`, { cause })
  }
}
