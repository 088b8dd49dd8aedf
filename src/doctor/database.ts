import { adviceOn, fail, ok, type Finding } from './finding.ts'

const RESTORE =
  'start no gateway on it: copy the directory, then restore a backup or use sqlite3 .recover'

/** What a check of the database came to. */
export type DatabaseFacts =
  | { readonly kind: 'absent' }
  | { readonly kind: 'in use' }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'checked'; readonly problems: readonly string[] }

/** Judges the database of a data directory. */
export function checkDatabase(facts: DatabaseFacts): Finding[] {
  if (facts.kind === 'absent') return []
  if (facts.kind === 'in use') return [ok('a gateway runs on the database: it is not checked now')]
  if (facts.kind === 'unreadable') {
    const usual = `see to the disk and its rights; where the file is damaged: ${RESTORE}`
    return [fail(`the database cannot be read: ${facts.reason}`, adviceOn(facts.reason, usual))]
  }
  if (facts.problems.length === 0) return [ok('the database is intact (quick_check)')]
  return facts.problems.map((problem) => fail(`the database is damaged: ${problem}`, RESTORE))
}
