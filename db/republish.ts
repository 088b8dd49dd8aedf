/** Which records of an event are sent again where somebody asks for that. */
import { asc, eq, sql } from 'drizzle-orm'
import type { ExceptionStatus } from '../src/outbox.ts'
import { REPLAY_HEADER } from '../src/record.ts'
import type { Reader } from './open.ts'
import { outbox, outboxExceptions, relayProgress } from './schema.ts'

export interface StoredEntry {
  readonly seq: number
  readonly topic: string
  readonly headers: string | null
  /** Of a value that a handler made; 0 where the record is the event's own bytes. */
  readonly valueLength: number
}

export interface Republish {
  /**
   * The published records that the event's handler made last: of an event that was replayed those
   * of the replay, never a republished copy, which would double with each turn. What is not
   * published yet goes out by itself, or waits for a redrive.
   */
  recordsOf(inboxSeq: number): readonly StoredEntry[]
}

export function openRepublish({ orm }: Reader): Republish {
  const progress = orm.select({ highWater: relayProgress.highWater }).from(relayProgress).prepare()
  const entries = orm
    .select({
      seq: outbox.seq,
      topic: outbox.topic,
      headers: outbox.headers,
      // SQLite answers the length of a blob without reading it.
      valueLength: sql<number>`coalesce(length(${outbox.value}), 0)`,
      status: sql<ExceptionStatus | null>`${outboxExceptions.status}`,
    })
    .from(outbox)
    .leftJoin(outboxExceptions, eq(outboxExceptions.seq, outbox.seq))
    .where(eq(outbox.inboxSeq, sql.placeholder('inboxSeq')))
    .orderBy(asc(outbox.seq))
    .prepare()

  return {
    recordsOf(inboxSeq) {
      const highWater = progress.get()?.highWater ?? 0
      const made = entries
        .all({ inboxSeq })
        .map((entry) => ({ ...entry, rerun: rerunOf(entry.headers) }))
        .filter(({ rerun }) => !rerun.startsWith('republish-'))
      const last = made.at(-1)?.rerun
      return made
        .filter(({ rerun, status, seq }) => rerun === last && status === null && seq <= highWater)
        .map(({ seq, topic, headers, valueLength }) => ({ seq, topic, headers, valueLength }))
    },
  }
}

/** The rerun that made a record; empty where the event's first handling did. */
function rerunOf(headers: string | null): string {
  if (headers === null) return ''
  return (JSON.parse(headers) as Record<string, string>)[REPLAY_HEADER] ?? ''
}
