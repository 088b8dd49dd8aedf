/**
 * Databases that take long to make: made once a machine, in the user's cache folder, and copied
 * by each run.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { openDedup } from '../db/dedup.ts'
import { MIGRATIONS } from '../db/migrate.ts'
import { DATABASE_FILE, openDatabase, type InletDatabase } from '../db/open.ts'
import { systemClock } from '../src/clock.ts'
import { fillBacklog } from './backlog.ts'
import type { Shape } from './shapes.ts'

/** Where the records of a backlog go. */
export const BACKLOG_TOPIC = 'bench-backlog'

const RETENTION_MS = 7 * 24 * 60 * 60 * 1000
/** Events of a commit, as at full load. */
const EVENTS_PER_CHUNK = 64
/** Only the rows count here: whole bodies would be 23 GB. */
const STORED_BODY_BYTES = 64
const EVENTS_PER_TRANSACTION = 1_600 * EVENTS_PER_CHUNK

/** A database of this many events that wait for BACKLOG_TOPIC. Returns its path. */
export async function seedBacklog(count: number, shape: Shape): Promise<string> {
  const { path, isMade, place } = placeOf(`backlog-${count}`)
  if (isMade) return path
  await fillBacklog({ dataDir: place.directory, topic: BACKLOG_TOPIC, shape, count })
  return place.keep()
}

/** A database of this many events that are published, with short bodies. Returns its path. */
export function seedStored(count: number, shape: Shape): string {
  const { path, isMade, place } = placeOf(`stored-${count}`)
  if (isMade) return path
  {
    using database = openDatabase({
      path: join(place.directory, DATABASE_FILE),
      clock: systemClock,
    })
    for (let first = 1; first <= count; first += EVENTS_PER_TRANSACTION) {
      const last = Math.min(count, first + EVENTS_PER_TRANSACTION - 1)
      database.write(() => insertPublished(database, { first, last, source: shape.source }))
      database.client.run('PRAGMA wal_checkpoint(TRUNCATE)')
    }
    // Writes the runs of their ids, as each start does with what is missing.
    openDedup(database, { retentionMs: RETENTION_MS })
  }
  return place.keep()
}

/** Copies a seed to where a gateway looks for its database, and waits until it is on the disk. */
export function copySeed(seed: string, dataDir: string): void {
  mkdirSync(dataDir, { recursive: true })
  const path = join(dataDir, DATABASE_FILE)
  copyFileSync(seed, path)
  const file = openSync(path, 'r')
  fsyncSync(file)
  closeSync(file)
}

/** Where a seed is, and where it is made: one that was not finished is made anew. */
function placeOf(name: string) {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'inlet')
  // Of these tables, and no earlier ones: a migration that is not released may still change.
  const tables = Bun.hash(JSON.stringify(MIGRATIONS)).toString(36)
  const path = join(cache, `${name}-${tables}.db`)
  const directory = `${path}.new`
  function keep(): string {
    renameSync(join(directory, DATABASE_FILE), path)
    rmSync(directory, { recursive: true })
    return path
  }
  mkdirSync(cache, { recursive: true })
  const isMade = existsSync(path)
  if (!isMade) {
    // Those of earlier versions of the tables, and one that was not finished.
    for (const stale of new Bun.Glob(`${name}-*`).scanSync({ cwd: cache, onlyFiles: false })) {
      rmSync(join(cache, stale), { recursive: true })
    }
    mkdirSync(directory, { recursive: true })
    console.error(`${path} is missing: making it`)
  }
  return { path, isMade, place: { directory, keep } }
}

function insertPublished(
  { client, lifetime }: InletDatabase,
  { first, last, source }: { first: number; last: number; source: string },
): void {
  const seqs = `WITH RECURSIVE seqs (seq) AS
    (SELECT ?1 UNION ALL SELECT seq + 1 FROM seqs WHERE seq < ?2)`
  const chunk = `(seq - 1) / ${EVENTS_PER_CHUNK} + 1`
  client.run(
    `INSERT INTO inbox (seq, received_at, state, source, event_id, type, key, content_type,
      chunk_seq, body_offset, body_length, body_hash)
    ${seqs} SELECT seq, ?3, 'accepted', ?4, 'evt_' || hex(randomblob(12)),
      'payment_intent.succeeded', 'cus_' || (seq % 1000), 'application/json', ${chunk},
      (seq - 1) % ${EVENTS_PER_CHUNK} * ${STORED_BODY_BYTES}, ${STORED_BODY_BYTES}, random() >> 11
    FROM seqs`,
    [first, last, systemClock.now(), source],
  )
  client.run(
    `INSERT INTO outbox (seq, inbox_seq, n, topic, key)
    ${seqs} SELECT seq, seq, 0, 'webhooks.' || ?3, 'cus_' || (seq % 1000) FROM seqs`,
    [first, last, source],
  )
  client.run(
    `INSERT INTO chunks (seq, committed_at, inbox_first, inbox_last, bodies)
    ${seqs} SELECT ${chunk}, ?3, seq, min(seq + ${EVENTS_PER_CHUNK - 1}, ?2),
      zeroblob(${EVENTS_PER_CHUNK * STORED_BODY_BYTES})
    FROM seqs WHERE (seq - 1) % ${EVENTS_PER_CHUNK} = 0`,
    [first, last, lifetime.nowMs()],
  )
  client.run('UPDATE relay_progress SET high_water = ?', [last])
}
