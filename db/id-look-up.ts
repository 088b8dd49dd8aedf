/**
 * Looks an id up without an index on it: by what recognises redeliveries. Exact for a source that
 * is known; the inbox has no list of its sources, so those of a sample of it are tried.
 */
import { and, asc, eq, gt, gte, inArray, sql } from 'drizzle-orm'
import { idHash, readSeed } from './dedup.ts'
import { openRunReader } from './id-runs.ts'
import type { Reader } from './open.ts'
import { inbox } from './schema.ts'

/** Rows whose sources are tried: one that sends 1 % of all is missed once in 13 times. */
const SAMPLE_ROWS = 256

export interface IdLookUp {
  /**
   * The events of this id, of these sources and those of the sample. An id may name several: that
   * of a source that does not date its events is used again.
   */
  find(id: string, among: { readonly sources: readonly string[]; readonly only: boolean }): number[]
}

export function openIdLookUp(reader: Reader): IdLookUp {
  const statements = prepareStatements(reader)
  const runs = openRunReader(reader)

  function sampled(): readonly string[] {
    const low = statements.first.get()?.seq ?? 0
    const high = statements.last.get()?.seq ?? 0
    const step = Math.max(1, Math.floor((high - low) / SAMPLE_ROWS))
    const found = new Set<string>()
    for (let seq = low; seq <= high; seq += step) {
      const row = statements.atOrAfter.get({ seq })
      if (row !== undefined) found.add(row.source)
    }
    return [...found]
  }

  return {
    find(id, { sources, only }) {
      const seed = readSeed(reader)
      const list = runs.list()
      const tried = new Set(only ? sources : [...sources, ...sampled()])
      // The newest ids are in no run yet.
      const newest = statements.newest
        .all({ after: list.at(-1)?.seqLast ?? 0, id })
        .map(({ seq }) => seq)
      const older = [...tried].flatMap((source) => {
        const hash = idHash({ source, eventId: id }, seed)
        return list.flatMap((run) => [...runs.find(run, hash)])
      })
      const candidates = [...new Set([...newest, ...older])]
      const rows = reader.orm
        .select({ seq: inbox.seq })
        .from(inbox)
        .where(and(inArray(inbox.seq, candidates), eq(inbox.eventId, id)))
        .all()
      return rows.map(({ seq }) => seq)
    },
  }
}

function prepareStatements({ orm }: Reader) {
  const slot = sql.placeholder
  const sources = () => orm.select({ seq: inbox.seq, source: inbox.source }).from(inbox)
  return {
    first: sources().orderBy(asc(inbox.seq)).limit(1).prepare(),
    last: sources()
      .orderBy(sql`${inbox.seq} desc`)
      .limit(1)
      .prepare(),
    atOrAfter: sources()
      .where(gte(inbox.seq, slot('seq')))
      .orderBy(asc(inbox.seq))
      .limit(1)
      .prepare(),
    newest: orm
      .select({ seq: inbox.seq })
      .from(inbox)
      .where(and(gt(inbox.seq, slot('after')), eq(inbox.eventId, slot('id'))))
      .prepare(),
  }
}
