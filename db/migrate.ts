import type { EpochMs } from '../src/clock.ts'
import { GatewayError } from '../src/faults/faults.ts'
import { digestOf } from '../src/bytes/hashing.ts'
import init from './migrations/0000_init.sql' with { type: 'text' }
import idempotencyKeys from './migrations/0001_idempotency_keys.sql' with { type: 'text' }
import handlerRetries from './migrations/0002_handler_retries.sql' with { type: 'text' }
import batches from './migrations/0003_batches.sql' with { type: 'text' }
import dedupRuns from './migrations/0004_dedup_runs.sql' with { type: 'text' }
import reruns from './migrations/0005_reruns.sql' with { type: 'text' }
import landed from './migrations/0006_landed.sql' with { type: 'text' }
import consumers from './migrations/0007_consumers.sql' with { type: 'text' }
import consumerState from './migrations/0008_consumer_state.sql' with { type: 'text' }
import portable from './migrations/0009_portable.sql' with { type: 'text' }
import packedChunks from './migrations/0010_packed_chunks.sql' with { type: 'text' }
import dedupTables from './migrations/0011_dedup_tables.sql' with { type: 'text' }
import consumerEpochs from './migrations/0012_consumer_epochs.sql' with { type: 'text' }

export interface Migration {
  readonly name: string
  readonly sql: string
}

/**
 * Every migration, oldest first. One that was ever released is never changed, reordered or removed.
 */
export const MIGRATIONS: readonly Migration[] = [
  { name: '0000_init', sql: init },
  { name: '0001_idempotency_keys', sql: idempotencyKeys },
  { name: '0002_handler_retries', sql: handlerRetries },
  { name: '0003_batches', sql: batches },
  { name: '0004_dedup_runs', sql: dedupRuns },
  { name: '0005_reruns', sql: reruns },
  { name: '0006_landed', sql: landed },
  { name: '0007_consumers', sql: consumers },
  { name: '0008_consumer_state', sql: consumerState },
  { name: '0009_portable', sql: portable },
  { name: '0010_packed_chunks', sql: packedChunks },
  { name: '0011_dedup_tables', sql: dedupTables },
  { name: '0012_consumer_epochs', sql: consumerEpochs },
]

/** What migrating needs of a connection; bun:sqlite's has it. */
export interface MigrationClient {
  readonly inTransaction: boolean
  /** Runs a statement with a list of its parameters, or several statements without any. */
  run(sql: string, ...params: (string | number)[][]): unknown
  query(sql: string): { all(): unknown[] }
}

interface AppliedMigration {
  readonly name: string
  readonly hash: string
}

/**
 * Brings the schema up to date and returns how many migrations that took. Of two processes that
 * start at once the second waits for the first, then finds nothing to do.
 *
 * Not Drizzle's own migrator: it reads files, so it does not work in a compiled binary; it skips a
 * migration whose time stamp is older than the last applied one; it never checks a hash; and it
 * decides before its transaction begins.
 *
 * @throws GatewayError STORAGE_UNUSABLE where the file was written by a newer version,
 * or by other migrations.
 */
export function migrate(
  client: MigrationClient,
  migrations: readonly Migration[],
  at: EpochMs,
): number {
  client.run('BEGIN IMMEDIATE')
  try {
    client.run(`CREATE TABLE IF NOT EXISTS schema_migrations (
      id integer PRIMARY KEY NOT NULL,
      name text NOT NULL,
      hash text NOT NULL,
      applied_at integer NOT NULL
    )`)
    const applied = readApplied(client)
    refuseUnlessPrefix(applied, migrations)
    for (const [index, migration] of migrations.entries()) {
      if (index < applied.length) continue
      client.run(migration.sql)
      client.run('INSERT INTO schema_migrations (id, name, hash, applied_at) VALUES (?, ?, ?, ?)', [
        index,
        migration.name,
        hashOf(migration),
        at,
      ])
    }
    client.run('COMMIT')
    return migrations.length - applied.length
  } catch (error) {
    if (client.inTransaction) client.run('ROLLBACK')
    throw error
  }
}

/**
 * Checks that a database is exactly at this version, for those that only read it.
 *
 * @throws GatewayError STORAGE_UNUSABLE where it is not.
 */
export function assertMigrated(client: MigrationClient, migrations: readonly Migration[]): void {
  const [exists] = client
    .query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'")
    .all()
  const applied = exists === undefined ? [] : readApplied(client)
  refuseUnlessPrefix(applied, migrations)
  if (applied.length === migrations.length) return
  throw new GatewayError(
    'STORAGE_UNUSABLE',
    'the database is older than this program: start the gateway once',
  )
}

function readApplied(client: MigrationClient): readonly AppliedMigration[] {
  const rows = client.query('SELECT name, hash FROM schema_migrations ORDER BY id').all()
  return rows as AppliedMigration[]
}

function refuseUnlessPrefix(
  applied: readonly AppliedMigration[],
  ours: readonly Migration[],
): void {
  for (const [index, { name, hash }] of applied.entries()) {
    const migration = ours[index]
    if (migration === undefined) {
      throw new GatewayError(
        'STORAGE_UNUSABLE',
        `a newer version wrote this database (migration ${name}): start that version`,
      )
    }
    if (migration.name !== name || hashOf(migration) !== hash) {
      const detail = `migration ${name} of this database is not ${migration.name} of this program`
      throw new GatewayError('STORAGE_UNUSABLE', detail)
    }
  }
}

function hashOf(migration: Migration): string {
  return Buffer.from(digestOf(migration.sql)).toString('hex')
}
