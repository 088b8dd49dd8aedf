/**
 * What the API and the CLI say about stored events: the same words, whether a gateway runs or only
 * its file is there.
 */
import { statSync } from 'node:fs'
import { openEventSearch } from '../../db/event-search.ts'
import { openInbox, type StoredEvent, type StoredEventDetail } from '../../db/inbox.ts'
import { openLanded, type LandedAt } from '../../db/landed.ts'
import { openOutboxList, type ListedEntry } from '../../db/outbox-list.ts'
import { nodeNameOf, type Reader } from '../../db/open.ts'
import { openOutbox } from '../../db/outbox.ts'
import { openRerunScan } from '../../db/rerun-scan.ts'
import type { EventDetail, EventRow, OutboxRow, RecordRow } from '../admin-api/events.ts'
import type { Clock, EpochMs } from '../clock.ts'
import { GatewayError } from '../faults/faults.ts'
import { partitionOf } from '../kafka/murmur2.ts'
import type { Questions } from './query-messages.ts'
import { keptTrace } from '../trace-context.ts'

/** An answer for every question; each takes the thread until it is there. */
export type Answers = {
  readonly [Name in keyof Questions]: (asked: Questions[Name]['asked']) => Questions[Name]['told']
}

export function openAnswers(reader: Reader, clock: Clock): Answers {
  const inbox = openInbox(reader)
  const search = openEventSearch(reader, clock)
  const outbox = openOutbox(reader)
  const list = openOutboxList(reader)
  const reruns = openRerunScan(reader)
  const landed = openLanded(reader, partitionOf)
  return {
    search(asked) {
      const { seqs, next } = search(asked)
      const seq = next ?? inbox.firstSeq()
      const receivedAt = isoOrNull(inbox.receivedAt(seq))
      return {
        events: inbox.rows(seqs).map(({ records, ...event }) => ({ ...toRow(event), records })),
        nextBefore: next,
        searched: { seq, receivedAt, isComplete: next === null },
      }
    },
    event(seq) {
      const event = inbox.bySeq(seq)
      return event && JSON.stringify(toEventDetail(event, landed))
    },
    body(seq) {
      const event = inbox.bySeq(seq)
      if (event === undefined) return undefined
      if (event.damage !== null) throw new GatewayError('STORAGE_DAMAGED', event.damage)
      return new Uint8Array(event.body)
    },
    seqs: search,
    entries: (asked) => reruns.entries(asked),
    topics: ({ kind, seqs }) => reruns.topicsOf(kind, seqs),
    outbox(asked) {
      const { entries, next } = list(asked)
      const { pending, retry, blocked, dead } = outbox.lag()
      const counts = { pending, retry, blocked, dead }
      return { entries: entries.map(toOutboxRow), nextAfter: next, counts }
    },
    facts() {
      const first = inbox.firstSeq()
      return {
        node: nodeNameOf(reader),
        bytes: sizeOf(reader.path),
        walBytes: sizeOf(`${reader.path}-wal`),
        events: first === 0 ? 0 : inbox.lastSeq() - first + 1,
        oldest: isoOrNull(inbox.receivedAt(first)),
      }
    },
  }
}

function toRow(event: StoredEvent): Omit<EventRow, 'records'> {
  const { contentType: _type, headers: _headers, bodyLength, ...row } = event
  return {
    ...row,
    receivedAt: iso(event.receivedAt),
    bodyBytes: bodyLength,
    nextTryAt: isoOrNull(event.nextTryAt),
  }
}

function toEventDetail(
  event: StoredEventDetail,
  landed: ReturnType<typeof openLanded>,
): EventDetail {
  const { body, damage, variants, batch, records, contentType, ...listed } = event
  const headers = parseHeaders(event.headers)
  return {
    ...toRow({ ...listed, contentType }),
    contentType,
    headers,
    bodyBase64: body.toBase64(),
    damage,
    traceId: keptTrace(event.headers)?.traceId ?? null,
    records: records.map((record) => ({
      ...toRecord(record),
      valueBase64: record.value?.toBase64() ?? null,
      landed: record.status === 'published' ? toLanded(landed(record)) : null,
    })),
    variants: variants && {
      count: variants.count,
      firstReceivedAt: iso(variants.firstReceivedAt),
      firstBodyBase64: variants.firstBody.toBase64(),
    },
    batch: batch && {
      seqFirst: batch.seqFirst,
      seqLast: batch.seqLast,
      bodyBytes: batch.bodyLength,
    },
  }
}

function toLanded(landed: LandedAt | null): RecordRow['landed'] {
  return landed && { ...landed, at: isoOrNull(landed.at) }
}

function toOutboxRow(entry: ListedEntry): OutboxRow {
  const { eventSeq, source, eventId, type, receivedAt } = entry
  return { ...toRecord(entry), eventSeq, source, eventId, type, receivedAt: iso(receivedAt) }
}

type StoredEntry = Omit<ListedEntry, 'eventSeq' | 'source' | 'eventId' | 'type' | 'receivedAt'>

function toRecord(entry: StoredEntry): Omit<RecordRow, 'valueBase64' | 'landed'> {
  const { seq, n, topic, key, status, attempts, code, reason } = entry
  const headers = parseHeaders(entry.headers)
  const replay = headers[REPLAY_HEADER] ?? null
  const nextAt = isoOrNull(entry.nextAt)
  return { seq, n, topic, key, headers, status, attempts, nextAt, code, reason, replay }
}

/** Marks what a rerun has produced, with its id. */
const REPLAY_HEADER = 'inlet-replay'

function parseHeaders(headers: string | null): Record<string, string> {
  return headers === null ? {} : (JSON.parse(headers) as Record<string, string>)
}

function iso(ms: EpochMs): string {
  return new Date(ms).toISOString()
}

function isoOrNull(ms: EpochMs | null): string | null {
  return ms === null ? null : iso(ms)
}

/** 0 where there is none: an empty WAL may be no file at all. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
