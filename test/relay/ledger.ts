import type { World } from './world.ts'

/** What a run did, compared with what was committed. */
export interface Ledger {
  /** Entries that are on no partition and not set aside either. */
  readonly lost: number
  /** Copies beyond the first. */
  readonly duplicates: number
  /** Pairs of neighbours of one topic and key whose first appearances are in the wrong order. */
  readonly inversions: number
}

export function readLedger(world: World): Ledger {
  const firsts = new Map<string, number[]>()
  const seen = new Set<number>()
  let duplicates = 0
  for (const seq of world.published()) {
    if (seen.has(seq)) {
      duplicates += 1
      continue
    }
    seen.add(seq)
    const entry = world.entries[seq - 1]
    const key = `${entry?.topic} ${entry?.key}`
    firsts.set(key, [...(firsts.get(key) ?? []), seq])
  }
  const inversions = [...firsts.values()]
    .map((seqs) => seqs.filter((seq, index) => seq < (seqs[index - 1] ?? 0)).length)
    .reduce((sum, count) => sum + count, 0)
  const lost = world.entries.filter(({ seq }) => !seen.has(seq) && !world.exceptions.has(seq))
  return { lost: lost.length, duplicates, inversions }
}
