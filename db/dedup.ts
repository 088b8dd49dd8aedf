/**
 * Recognises redeliveries: exactly, for as long as their event is kept.
 *
 * What a delivery is compared with is always a row of the inbox; this only finds it, by 53 bits of
 * a hash of source and id. The newest ids are in memory, and made again from the inbox at a start.
 * As soon as there are `RUN_IDS` of them, they are appended to the file as a run: it never changes.
 * Tables in memory tell which of the runs may know an id, so that a new one hardly ever costs a
 * look-up. Nothing of it has to be on disk before an answer: a run that is lost is written again.
 *
 * A unique index on the inbox would be simpler, but ids are scattered: each dirties a page of its
 * own. db/DESIGN.md has the figures.
 */
import { assert } from '../src/assert.ts'
import type { Clock } from '../src/clock.ts'
import { GatewayError } from '../src/faults/faults.ts'
import type { NotFound } from '../src/consumer.ts'
import type { NewEvent } from '../src/event.ts'
import { randomToken } from '../src/ids.ts'
import type { Log } from '../src/log.ts'
import { copyWal } from './copy-wal.ts'
import { hash53 } from './hash.ts'
import { openIdRuns, type IdRuns } from './id-runs.ts'
import { openNewIds, type NewIds } from './new-ids.ts'
import type { InletDatabase, Reader } from './open.ts'
import { openIdsOf, type IdsRow, type LookedFor } from './shared-ids.ts'

/**
 * Ids of a run. Up to twice as many are read at a start (1 µs each): with a larger one it takes
 * longer, with a smaller one there are more to ask.
 */
const RUN_IDS = 32_768

/** The first delivery of an event. */
export interface FirstDelivery {
  readonly inboxSeq: number
  readonly bodyHash: number
}

/** What tells whether an event is known. */
export type Identified = Pick<NewEvent, 'source' | 'eventId' | 'eventIdValidMs' | 'receivedAt'>

export interface Dedup {
  /** Makes look-ups cheap after a start or a run, 2 ms each time; false where they are. */
  takeIn(): boolean
  /**
   * Moves the newest ids to the file where there are many, a part of them each time. Between two
   * transactions; `inboxSeq` is the last that is committed.
   */
  keepUp(inboxSeq: number): void
  /** The same of all of them, where a start would read many: the last thing before an end. */
  moveAll(inboxSeq: number): void
  /**
   * The earlier delivery of this event, if its id is still valid. Sees the batch that is under way.
   */
  find(event: Identified): FirstDelivery | undefined
  /** What spares `unknownOf` another look; undefined where the id names an event. */
  lookFor(event: Identified): NotFound | undefined
  /** The event is the inbox row of this seq. What is rolled back needs no undoing. */
  remember(event: NewEvent, inboxSeq: number): void
  /** Those that name no event yet, each with its hash, for `rememberAll`. */
  unknownOf(shared: LookedFor): ReadonlyMap<string, number>
  /** All of these ids, by their hashes, are the inbox row of this seq: see shared-ids.ts. */
  rememberAll(hashes: Iterable<number>, inboxSeq: number): void
  /** Drops one run of ids whose events are past their time; `more`: there may be another. */
  forget(): { readonly deleted: number; readonly more: boolean }
}

export interface DedupOptions {
  readonly retentionMs: number
  /** For tests. A power of two. Default: RUN_IDS. */
  readonly runIds?: number | undefined
  /** Where a start says that it had more to index than usual. Default: nowhere. */
  readonly telling?: Readonly<{ clock: Pick<Clock, 'monotonicMs'>; log: Pick<Log, 'info'> }>
}

export function openDedup(database: InletDatabase, options: DedupOptions): Dedup {
  const { retentionMs, runIds = RUN_IDS, telling } = options
  const statements = prepareStatements(database)
  const runs = openIdRuns(database)
  const idsOf = openIdsOf(database)
  const seed = makeSeed(database)
  const newIds = openNewIds(runs, runIds)
  const findBy = openFindBy(openNewest(statements, idsOf), { newIds, runs })

  const hashOf = (event: Pick<NewEvent, 'source' | 'eventId'>) => idHash(event, seed)
  const hashesOf = (source: string, ids: readonly string[]) =>
    ids.map((eventId) => hashOf({ source, eventId }))

  /** The rest of a run that was not full yet, and after a failure that of one that was. */
  function rebuild(): void {
    const beganMs = telling?.clock.monotonicMs() ?? 0
    let after = runs.seqLast
    let events = 0
    for (;;) {
      const rows = statements.since.all({ after, limit: runIds })
      for (const row of rows) newIds.addAll(hashesOf(row.source, idsOf(row)), row.seq)
      after = rows.at(-1)?.seq ?? after
      newIds.keepUp(after)
      events += rows.length
      if (rows.length < runIds) break
      // Nobody else does before the gateway runs: 10,000,000 ids would leave a WAL of 290 MB.
      const copied = copyWal(database.client)
      if (copied.kind === 'failed') throw new GatewayError('STORAGE_UNUSABLE', copied.message)
    }
    // After an upgrade it may be all there are: 1.2 s a million, in which nothing is taken. What
    // an ordinary start reads is not worth a line.
    if (events <= 2 * runIds) return
    const ms = Math.round((telling?.clock.monotonicMs() ?? 0) - beganMs)
    telling?.log.info('ids.indexed', { events, ms })
  }

  rebuild()
  return {
    takeIn() {
      const more = runs.takeIn()
      // Of a million ids 9 MiB of pages are read, and nobody asks for them again.
      database.client.run('PRAGMA shrink_memory')
      return more
    },
    keepUp(inboxSeq) {
      newIds.keepUp(inboxSeq)
      // After it: a run that is just whole is not asked by itself, 5 µs each time.
      runs.takeInNew()
    },
    moveAll: (inboxSeq) => newIds.moveAll(inboxSeq),
    find: (event) => findBy(hashOf(event), event),
    unknownOf({ source, at: receivedAt, ids }) {
      const hashes = new Map<string, number>()
      for (const [eventId, look] of ids) {
        const hash = look?.hash ?? hashOf({ source, eventId })
        const event = { source, eventId, eventIdValidMs: undefined, receivedAt }
        const isUnknown =
          look?.storedBefore === newIds.additions || findBy(hash, event) === undefined
        if (isUnknown) hashes.set(eventId, hash)
      }
      return hashes
    },
    lookFor(event) {
      const hash = hashOf(event)
      return findBy(hash, event) === undefined
        ? { hash, storedBefore: newIds.additions }
        : undefined
    },
    remember: (event, inboxSeq) => newIds.add(hashOf(event), inboxSeq),
    rememberAll: (hashes, inboxSeq) => newIds.addAll(hashes, inboxSeq),
    forget() {
      const { ids } = runs.dropOldest(database.lifetime.nowMs() - retentionMs)
      return { deleted: ids ?? 0, more: ids !== undefined }
    },
  }
}

/** The earlier delivery of an event, by the hash of its id. */
function openFindBy(
  newestOf: ReturnType<typeof openNewest>,
  { newIds, runs }: { readonly newIds: NewIds; readonly runs: IdRuns },
) {
  return (hash: number, event: Identified): FirstDelivery | undefined => {
    const row =
      newestOf(event, newIds.find(hash)) ??
      newestOf(event, newIds.findMoving(hash)) ??
      newestOf(event, runs.find(hash))
    if (row === undefined || row.bodyHash === null || !isValid(row, event)) return undefined
    return { inboxSeq: row.seq, bodyHash: row.bodyHash }
  }
}

/**
 * The newest event of an id among those of its hash, without those that came after this one: an
 * edge may send again what was followed by another event of the same short-lived id.
 */
function openNewest(statements: Statements, idsOf: (row: IdsRow) => readonly string[]) {
  return (event: Identified, seqs: readonly number[]): InboxRow | undefined => {
    if (seqs.length === 0) return undefined
    for (const seq of seqs.toSorted((a, b) => b - a)) {
      const row = statements.row.get({ seq })
      if (row?.source !== event.source || !idsOf(row).includes(event.eventId)) continue
      if (!isLater(row, event)) return row
    }
    return undefined
  }
}

function isValid({ validUntil }: InboxRow, { receivedAt }: Identified): boolean {
  return validUntil === null || validUntil > receivedAt
}

/**
 * Validity is the wall clock's. An id that one far ahead has left must not swallow new events until
 * then: what has more left than twice its time was not received before this one.
 */
function isLater({ validUntil }: InboxRow, { eventIdValidMs, receivedAt }: Identified): boolean {
  return validUntil !== null && validUntil - receivedAt >= 2 * (eventIdValidMs ?? Infinity)
}

/** What an event is recognised by. */
export function idHash(
  { source, eventId }: Pick<NewEvent, 'source' | 'eventId'>,
  seed: bigint,
): number {
  // No name of a source has a line break.
  return hash53(`${source}\n${eventId}`, seed)
}

/** A secret of this file: nobody can make up ids whose hashes are the same. */
function makeSeed(database: InletDatabase): bigint {
  const add = "INSERT INTO meta (name, value) VALUES ('id_seed', ?) ON CONFLICT DO NOTHING"
  database.write(() => database.client.run(add, [randomToken()]))
  return readSeed(database)
}

/** The seed of a file that has been opened by its owner. */
export function readSeed({ client }: Reader): bigint {
  const row = client
    .query<{ value: string }, []>("SELECT value FROM meta WHERE name = 'id_seed'")
    .get()
  assert(row !== null, 'meta has a seed')
  return Bun.hash.xxHash64(row.value)
}

interface InboxRow extends IdsRow {
  readonly seq: number
  readonly bodyHash: number | null
  readonly validUntil: number | null
}

type Statements = ReturnType<typeof prepareStatements>

/** Not by Drizzle: a start prepares them before it answers, and runs `since` for thousands. */
function prepareStatements({ client }: InletDatabase) {
  const ids = `seq, source, event_id AS eventId, chunk_seq AS chunkSeq, body_offset AS bodyOffset,
    body_length AS bodyLength`
  return {
    row: client.prepare<InboxRow, { seq: number }>(
      `SELECT ${ids}, body_hash AS bodyHash, id_valid_until AS validUntil
      FROM inbox WHERE seq = $seq`,
    ),
    since: client.prepare<IdsRow & { readonly seq: number }, { after: number; limit: number }>(
      `SELECT ${ids} FROM inbox WHERE seq > $after ORDER BY seq LIMIT $limit`,
    ),
  }
}
