import type { Rerun, RerunKind, RerunQuery } from '../rerun.ts'

/** What a rerun looks for, and from where on. */
export type Looking = Pick<Rerun, 'kind' | 'query' | 'cursor' | 'bound'>

/** A part of what a rerun is about. */
export interface Found {
  /** Of the inbox, for a redrive of the outbox; ascending, above the cursor. */
  readonly seqs: readonly number[]
  /** Everything up to here was looked at; the bound: there is nothing more. */
  readonly to: number
}

export interface FindPorts {
  /** Searches events from the oldest on, for a while. A `next` of null: to the end. */
  readonly search: (
    query: RerunQuery,
    behind: number,
    limit: number,
  ) => Promise<{ readonly seqs: readonly number[]; readonly next: number | null }>
  /** Those of these events that are stored, in ascending order. */
  readonly stored: (seqs: readonly number[]) => readonly number[]
  /** Entries that are blocked or dead, in ascending order. */
  readonly entries: (range: {
    readonly query: RerunQuery
    readonly after: number
    readonly bound: number
    readonly limit: number
  }) => Promise<readonly number[]>
  /** Bytes that a step of one event reads, or writes again. */
  readonly bytesOf: (kind: RerunKind, seq: number) => number
}

/** Finds what comes next above the cursor: at most `limit`. */
export async function find(looking: Looking, limit: number, ports: FindPorts): Promise<Found> {
  const { kind, query, cursor, bound } = looking
  if (cursor >= bound) return { seqs: [], to: bound }
  if (kind === 'redrive') {
    const seqs = await ports.entries({ query, after: cursor, bound, limit })
    return { seqs, to: seqs.length < limit ? bound : (seqs.at(-1) ?? bound) }
  }
  if (query.seqs !== undefined) {
    const listed = query.seqs.filter((seq) => seq > cursor && seq <= bound)
    const stored = ports.stored(listed)
    const seqs = stored.slice(0, limit)
    return { seqs, to: stored.length === seqs.length ? bound : (seqs.at(-1) ?? bound) }
  }
  const { seqs, next } = await ports.search(query, cursor, limit)
  const to = next === null ? bound : Math.min(bound, next)
  return { seqs: seqs.filter((seq) => seq <= bound), to }
}

/** The same, and as many as need `bytesMax`; but always one where there is one. */
export async function findStep(
  looking: Looking,
  { limit, bytesMax }: { readonly limit: number; readonly bytesMax: number },
  ports: FindPorts,
): Promise<Found> {
  const found = await find(looking, limit, ports)
  if (looking.kind === 'redrive') return found
  let bytes = 0
  const end = found.seqs.findIndex((seq, index) => {
    bytes += ports.bytesOf(looking.kind, seq)
    return bytes > bytesMax && index > 0
  })
  if (end === -1) return found
  const seqs = found.seqs.slice(0, end)
  return { seqs, to: seqs.at(-1) ?? found.to }
}
