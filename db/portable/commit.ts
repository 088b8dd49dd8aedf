/**
 * The statements that store events. What depends on what is known already is decided within them,
 * because no program can look in between.
 *
 * Rows travel as one JSON parameter a table, and bytes as one blob beside it: D1 takes 100
 * parameters a statement and 1,000 statements a request, and a batch of 5,000 events stays under a
 * dozen of both. An identity is claimed first, with the seq that its event will have. Until the
 * inbox has that seq, which is the last thing to happen, the event is new.
 */
import type { EpochMs } from '../../src/clock.ts'
import type { Committed, NewEvent } from '../../src/event.ts'
import { digestOf } from '../../src/bytes/hashing.ts'
import type { AnswerToKeep } from '../../src/idempotent-answer.ts'
import { concat, place, type ChunkDraft } from '../chunk.ts'
import { asBlob, type SqlRow, type Statement } from './batches.ts'
import { inParts, type Part } from './parts.ts'

/** One event's place in the batch. */
interface Placed {
  readonly event: NewEvent
  readonly offset: number
  readonly bodyHash: number
}

/** What to run, and what it will have come to. */
export interface CommitPlan {
  readonly statements: readonly Statement[]
  /** Reads the outcome of each event from the results; `variants` counts what it has found. */
  outcome(results: readonly (readonly SqlRow[])[]): {
    readonly committed: readonly Committed[]
    /** To run where it is there: duplicates that came with other bytes than the first. */
    readonly variants: Statement | undefined
  }
}

export function planCommit(
  events: readonly NewEvent[],
  nowMs: EpochMs,
  answer: AnswerToKeep | undefined,
): CommitPlan {
  const chunk: ChunkDraft = { bodies: [], bytes: 0, request: undefined }
  const placed = events.map((event) => putInto(chunk, event))
  const bodies = concat(chunk.bodies, chunk.bytes)
  const firsts = firstOfEach(placed)
  const unique = [...new Set(firsts)]
  const ids = JSON.stringify(unique.map(({ event }) => identityOf(event)))
  const statements: Statement[] = [
    { sql: CLAIM_IDENTITIES, params: [ids] },
    { sql: OUTCOMES, params: [ids] },
    { sql: ADD_CHUNK, params: [ids, nowMs, bodies] },
    ...outboxParts(unique).map(toOutbox),
    ...retriesOf(unique),
  ]
  if (chunk.request !== undefined) {
    const { offset, body } = chunk.request
    statements.push({ sql: ADD_BATCH, params: [ids, offset, body.byteLength] })
  }
  if (answer !== undefined) statements.push(keepAnswer(answer, ids, nowMs))
  for (const { json } of inParts(unique, inboxRow)) {
    statements.push({ sql: ADD_INBOX, params: [json] })
  }

  return {
    statements,
    outcome(results) {
      const rows = results[1] ?? []
      const known = new Map(unique.map((each, at) => [each, toKnown(rows[at])]))
      const committed = placed.map((each, at) => toCommitted(each, firsts[at], known))
      return { committed, variants: toVariants(placed, committed, bodies) }
    },
  }
}

function putInto(chunk: ChunkDraft, event: NewEvent): Placed {
  const { offset, add, request } = place(chunk, event)
  for (const bytes of add) {
    chunk.bodies.push(bytes)
    chunk.bytes += bytes.byteLength
  }
  chunk.request = request
  return { event, offset, bodyHash: hashOf(event.body) }
}

/** 48 bits of SHA-256, so that it is an exact number: it only tells whether bytes are the same. */
function hashOf(body: Uint8Array): number {
  return digestOf(body)
    .subarray(0, 6)
    .reduce((hash, byte) => hash * 256 + byte, 0)
}

/** Of each event the first of the batch that has its identity: often itself. */
function firstOfEach(placed: readonly Placed[]): readonly Placed[] {
  const firsts = new Map<string, Placed>()
  return placed.map((each) => {
    // No name of a source has a line break.
    const name = `${each.event.source}\n${each.event.eventId}`
    const first = firsts.get(name) ?? each
    firsts.set(name, first)
    return first
  })
}

function identityOf({ source, eventId, receivedAt, eventIdValidMs }: NewEvent) {
  return { s: source, e: eventId, at: receivedAt, ms: eventIdValidMs ?? null }
}

function inboxRow({ event, offset, bodyHash }: Placed): Part {
  const { receivedAt, eventIdValidMs } = event
  const row = {
    s: event.source,
    e: event.eventId,
    at: receivedAt,
    state: event.state,
    type: event.type,
    key: event.key,
    ct: event.contentType,
    h: event.headers,
    why: event.reason,
    o: offset,
    l: event.body.byteLength,
    hash: bodyHash,
    until: eventIdValidMs === undefined ? null : receivedAt + eventIdValidMs,
  }
  return { row }
}

interface NewRecord {
  readonly event: NewEvent
  readonly n: number
}

function outboxParts(placed: readonly Placed[]) {
  const records = placed.flatMap(({ event }) => event.records.map((_, n) => ({ event, n })))
  return inParts(records, ({ event: { source, eventId, records }, n }: NewRecord) => {
    const record = records[n]
    const row = { s: source, e: eventId, n, t: record?.topic, k: record?.key, h: record?.headers }
    return { row, bytes: record?.value ?? undefined }
  })
}

function toOutbox({ json, bytes }: { readonly json: string; readonly bytes: Uint8Array }) {
  return { sql: ADD_OUTBOX, params: [json, bytes] }
}

function retriesOf(placed: readonly Placed[]): Statement[] {
  const rows = placed.flatMap(({ event: { source, eventId, retryAt } }) =>
    retryAt === undefined ? [] : [{ s: source, e: eventId, at: retryAt }],
  )
  return rows.length === 0 ? [] : [{ sql: ADD_RETRIES, params: [JSON.stringify(rows)] }]
}

function keepAnswer(answer: AnswerToKeep, ids: string, nowMs: EpochMs): Statement {
  const { caller, key, requestHash, statusIfNew, statusIfKnown } = answer
  const params = [ids, nowMs, caller, key, requestHash, statusIfNew, statusIfKnown]
  return { sql: KEEP_ANSWER, params }
}

/** An identity's event; its hash is null where it was stored just now. */
interface Known {
  readonly seq: number
  readonly bodyHash: number | null
}

function toKnown(row: SqlRow | undefined): Known {
  return row as unknown as Known
}

function toCommitted(
  each: Placed,
  first: Placed | undefined,
  known: ReadonlyMap<Placed, Known>,
): Committed {
  const { seq, bodyHash } = known.get(first ?? each) ?? { seq: 0, bodyHash: null }
  if (bodyHash === null && each === first) return { kind: 'stored', seq }
  const sameBody = each.bodyHash === (bodyHash ?? first?.bodyHash)
  return { kind: 'duplicate', seq, sameBody }
}

function toVariants(
  placed: readonly Placed[],
  committed: readonly Committed[],
  bodies: Uint8Array,
): Statement | undefined {
  const rows = placed.flatMap(({ event, offset }, at) => {
    const outcome = committed[at]
    if (outcome?.kind !== 'duplicate' || outcome.sameBody) return []
    return [{ seq: outcome.seq, at: event.receivedAt, o: offset, l: event.body.byteLength }]
  })
  if (rows.length === 0) return undefined
  return { sql: ADD_VARIANTS, params: [JSON.stringify(rows), bodies] }
}

const LAST_INBOX_SEQ = `coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'inbox'), 0)`

/** The events of a JSON list beside their identities; in this order, or each would be a scan. */
const LISTED = `json_each(?1) AS e CROSS JOIN identities AS i
  ON i.source = e.value ->> 's' AND i.event_id = e.value ->> 'e'`

/** Those of them that are new, before the inbox has them. */
const FRESH = `${LISTED} WHERE i.inbox_seq > ${LAST_INBOX_SEQ}`

/**
 * Those that are not known get the seqs that follow the last one, without gaps. An identity whose
 * event is gone is not known, and one that is no longer valid neither; nor one that is valid for
 * more than twice its time, which a clock far ahead has left.
 */
const CLAIM_IDENTITIES = `
  INSERT INTO identities (source, event_id, inbox_seq)
  SELECT s, e, ${LAST_INBOX_SEQ} + row_number() OVER (ORDER BY n)
  FROM (
    SELECT key AS n, value ->> 's' AS s, value ->> 'e' AS e, value ->> 'at' AS at,
      value ->> 'ms' AS ms
    FROM json_each(?1)
  )
  WHERE NOT EXISTS (
    SELECT 1 FROM identities AS i CROSS JOIN inbox ON inbox.seq = i.inbox_seq
    WHERE i.source = s AND i.event_id = e AND (
      id_valid_until IS NULL
      OR (id_valid_until > at AND (ms IS NULL OR id_valid_until - at < 2 * ms))
    )
  )
  ON CONFLICT (source, event_id) DO UPDATE SET inbox_seq = excluded.inbox_seq`

const OUTCOMES = `
  SELECT i.inbox_seq AS seq, inbox.body_hash AS bodyHash
  FROM ${LISTED} LEFT JOIN inbox ON inbox.seq = i.inbox_seq
  ORDER BY e.key`

const ADD_CHUNK = `
  INSERT INTO chunks (committed_at, inbox_first, inbox_last, bodies)
  SELECT ?2, min(i.inbox_seq), max(i.inbox_seq), ${asBlob('?3')}
  FROM ${FRESH} HAVING count(*) > 0`

const ADD_BATCH = `
  INSERT INTO batches (inbox_first, inbox_last, body_offset, body_length)
  SELECT min(i.inbox_seq), max(i.inbox_seq), ?2, ?3 FROM ${FRESH} HAVING count(*) > 0`

const ADD_OUTBOX = `
  INSERT INTO outbox (inbox_seq, n, topic, key, headers, value)
  SELECT i.inbox_seq, e.value ->> 'n', e.value ->> 't', e.value ->> 'k', e.value ->> 'h',
    CASE WHEN e.value ->> 'l' IS NULL THEN NULL
      ELSE coalesce(substr(${asBlob('?2')}, (e.value ->> 'o') + 1, e.value ->> 'l'), x'') END
  FROM ${FRESH} ORDER BY e.key`

const ADD_RETRIES = `
  INSERT INTO handler_retries (inbox_seq, attempts, next_at)
  SELECT i.inbox_seq, 1, e.value ->> 'at' FROM ${FRESH}`

const KEEP_ANSWER = `
  INSERT INTO idempotency_keys (answered_at, caller, key, request_hash, status)
  SELECT ?2, ?3, ?4, ?5, CASE WHEN EXISTS (SELECT 1 FROM ${FRESH}) THEN ?6 ELSE ?7 END`

/** With several parts, each raises the last seq; those of the next are still above it. */
const ADD_INBOX = `
  INSERT INTO inbox (seq, received_at, state, source, event_id, type, key, content_type, headers,
    reason, chunk_seq, body_offset, body_length, body_hash, id_valid_until)
  SELECT i.inbox_seq, e.value ->> 'at', e.value ->> 'state', i.source, i.event_id,
    e.value ->> 'type', e.value ->> 'key', e.value ->> 'ct', e.value ->> 'h', e.value ->> 'why',
    (SELECT max(seq) FROM chunks), e.value ->> 'o', e.value ->> 'l', e.value ->> 'hash',
    e.value ->> 'until'
  FROM ${FRESH} ORDER BY e.key`

/** Of an empty blob `substr` makes NULL. */
const ADD_VARIANTS = `
  INSERT INTO variants (inbox_seq, count, first_received_at, first_body)
  SELECT value ->> 'seq', 1, value ->> 'at',
    coalesce(substr(${asBlob('?2')}, (value ->> 'o') + 1, value ->> 'l'), x'')
  FROM json_each(?1) WHERE true
  ON CONFLICT (inbox_seq) DO UPDATE SET count = count + 1`
