/** Edits at most between what was typed and what is suggested: more is another word. */
const EDITS_MAX = 4

/** The candidate that is most likely meant; undefined where none is near enough to suggest. */
export function nearestOf(typed: string, candidates: Iterable<string>): string | undefined {
  const [nearest] = [...candidates]
    .map((candidate) => ({ candidate, edits: editDistance(typed, candidate) }))
    .filter(({ candidate, edits }) => edits <= Math.min(EDITS_MAX, candidate.length / 2))
    .toSorted((a, b) => a.edits - b.edits)
  return nearest?.candidate
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, left] of a.split('').entries()) {
    const next = [i + 1]
    for (const [j, right] of b.split('').entries()) {
      const substituted = (row[j] ?? 0) + (left === right ? 0 : 1)
      next.push(Math.min(substituted, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
