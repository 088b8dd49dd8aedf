/** SQLite as Deno and Node have it, as the one owner of a file. */
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { dirname, join } from 'node:path'
import type { EpochMs } from '../../src/clock.ts'
import { GatewayError, messageOf } from '../../src/faults/faults.ts'
import { COMMIT_DELIVERIES_MAX } from '../../src/limits/limits.ts'
import { blameOfCode, type Blame } from '../blame.ts'
import { syncDirectory } from '../../src/durable-file.ts'
import { createPrivately, makeDataDir, takeOwnerLock } from '../files.ts'
import { migrate, MIGRATIONS, type MigrationClient } from '../migrate.ts'
import { assertSqliteVersion } from '../sqlite-version.ts'
import { rewriteWal } from '../sync.ts'
import type { Batches, SqlRow, SqlValue, Statement } from './batches.ts'

/** The name of the file within the data directory: it is not the core's, which does not read it. */
const PORTABLE_FILE = 'inlet-portable.db'

/** `INLP`: says in the file's header whose it is. */
const APPLICATION_ID = 0x494e4c50

const LOCK_FILE = 'inlet.lock.db'

/** As the core's, but that SQLite itself syncs each commit: there is no thread here that could. */
const PRAGMAS = `
  PRAGMA busy_timeout = 250;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA mmap_size = 0;
  PRAGMA temp_store = MEMORY;
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
  PRAGMA application_id = ${APPLICATION_ID};`

export interface NodeSqlite extends Batches, Disposable {
  /** Runs what is queued, and gives the file back. */
  close(): void
}

export interface NodeSqliteOptions {
  /** The data directory; it is made where it is missing. */
  readonly directory: string
  readonly now: EpochMs
  /**
   * Called once, when the storage cannot be trusted any more: a write or a sync failed. Nothing is
   * taken after; the process has to end, because only a start can find out what is on disk.
   */
  readonly onFatal: (error: GatewayError) => void
}

/**
 * Opens the file as its owner: alone, migrated, with everything that an earlier process committed
 * on disk.
 *
 * @throws GatewayError DATA_DIR_IN_USE, STORAGE_UNUSABLE.
 */
export function openNodeSqlite({ directory, now, onFatal }: NodeSqliteOptions): NodeSqlite {
  const path = join(directory, PORTABLE_FILE)
  try {
    makeDataDir(directory)
    const lock = takeOwnerLock(join(directory, LOCK_FILE), (file) => new DatabaseSync(file))
    try {
      createPrivately(path)
      rewriteWal(path)
      const client = openAsOwner(path, now)
      syncDirectory(dirname(path))
      const queue = new BatchQueue(client, onFatal)
      const close = () => {
        // After a failed sync closing would copy what the disk may not hold.
        if (queue.close()) client.close()
        lock.release()
      }
      return { batch: (statements) => queue.add(statements), close, [Symbol.dispose]: close }
    } catch (error) {
      lock.release()
      throw error
    }
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('STORAGE_UNUSABLE', `${path}: ${messageOf(cause)}`, { cause })
  }
}

function openAsOwner(path: string, now: EpochMs): DatabaseSync {
  const client = new DatabaseSync(path)
  try {
    assertSqliteVersion(String(readOne(client, 'SELECT sqlite_version()')))
    const tables = readOne(client, 'SELECT count(*) FROM sqlite_schema')
    const owner = readOne(client, 'PRAGMA application_id')
    if (tables !== 0 && owner !== APPLICATION_ID) {
      throw new GatewayError('STORAGE_UNUSABLE', `${path} is not a database of this program`)
    }
    client.exec(PRAGMAS)
    const mode = readOne(client, 'PRAGMA journal_mode')
    if (mode !== 'wal')
      throw new GatewayError('STORAGE_UNUSABLE', `journal_mode is ${String(mode)}`)
    migrate(migrationClient(client), MIGRATIONS, now)
    client.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return client
  } catch (error) {
    client.close()
    throw error
  }
}

function readOne(client: DatabaseSync, sql: string): SQLOutputValue | undefined {
  return Object.values(client.prepare(sql).get() ?? {})[0]
}

function migrationClient(client: DatabaseSync): MigrationClient {
  return {
    get inTransaction() {
      return client.isTransaction
    },
    run(sql, ...[params]) {
      return params === undefined ? client.exec(sql) : client.prepare(sql).run(...params)
    },
    query: (sql) => ({ all: () => client.prepare(sql).all() }),
  }
}

type Rows = readonly (readonly SqlRow[])[]

interface Waiting {
  readonly statements: readonly Statement[]
  readonly resolve: (rows: Rows) => void
  readonly reject: (error: GatewayError) => void
}

/**
 * Batches that arrive in one turn of the event loop share a transaction, and so a sync; each is a
 * savepoint of its own.
 */
class BatchQueue {
  readonly #client: DatabaseSync
  readonly #onFatal: (error: GatewayError) => void
  /** The texts are few and fixed. */
  readonly #prepared = new Map<string, StatementSync>()
  #waiting: Waiting[] = []
  /** Why nothing is taken any more. */
  #closed: GatewayError | undefined

  constructor(client: DatabaseSync, onFatal: (error: GatewayError) => void) {
    this.#client = client
    this.#onFatal = onFatal
  }

  add(statements: readonly Statement[]): Promise<Rows> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ statements, resolve, reject })
      if (this.#waiting.length === 1) setImmediate(() => this.#flush())
    })
  }

  /** Runs what waits, and takes no more. False where the storage has failed. */
  close(): boolean {
    this.#flush()
    this.#closed ??= new GatewayError('DRAINING', 'the database is closed')
    return this.#closed.code === 'DRAINING'
  }

  #flush(): void {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, COMMIT_DELIVERIES_MAX)
      this.#waiting = this.#waiting.slice(COMMIT_DELIVERIES_MAX)
      this.#commit(batch)
    }
  }

  /** One transaction for all; their answers go out when it is committed. */
  #commit(batch: readonly Waiting[]): void {
    const answers: (() => void)[] = []
    try {
      this.#client.exec('BEGIN IMMEDIATE')
      for (const each of batch) answers.push(this.#runAlone(each))
      this.#client.exec('COMMIT')
    } catch (cause) {
      const blame = this.#rollBack(cause)
      const code = blame === 'full' ? 'STORAGE_FULL' : 'STORAGE_FAILED'
      const error = new GatewayError(code, messageOf(cause), { cause })
      for (const { reject } of batch) reject(error)
      if (blame === 'storage') this.#fail(error)
      return
    }
    for (const answer of answers) answer()
  }

  /** Returns how to answer, once it is committed. Throws where the transaction is gone. */
  #runAlone({ statements, resolve, reject }: Waiting): () => void {
    this.#client.exec('SAVEPOINT batch')
    try {
      const rows = statements.map((each) => this.#run(each))
      this.#client.exec('RELEASE batch')
      return () => resolve(rows)
    } catch (cause) {
      if (blameOf(cause) !== 'item') throw cause
      this.#client.exec('ROLLBACK TO batch')
      this.#client.exec('RELEASE batch')
      const error = new GatewayError('STORAGE_FAILED', messageOf(cause), { cause })
      return () => reject(error)
    }
  }

  #run({ sql, params }: Statement): readonly SqlRow[] {
    let prepared = this.#prepared.get(sql)
    if (prepared === undefined) {
      prepared = this.#client.prepare(sql)
      this.#prepared.set(sql, prepared)
    }
    return prepared.all(...params) as readonly Record<string, SqlValue>[]
  }

  #rollBack(cause: unknown): Blame {
    try {
      // SQLite has already rolled back by itself after some errors: a full disk, no memory.
      if (this.#client.isTransaction) this.#client.exec('ROLLBACK')
      return blameOf(cause)
    } catch (error) {
      return blameOf(error) === 'item' ? 'storage' : blameOf(error)
    }
  }

  #fail(error: GatewayError): void {
    this.#closed = error
    for (const { reject } of this.#waiting.splice(0)) reject(error)
    this.#onFatal(error)
  }
}

function blameOf(error: unknown): Blame {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
  return blameOfCode(code)
}
