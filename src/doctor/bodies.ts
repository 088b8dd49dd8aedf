import { fail, ok, type Finding } from './finding.ts'

/** What a look at stored bodies came to. */
export interface BodiesFacts {
  /** How many events were looked at, from the newest on, and what they take on disk. */
  readonly events: number
  readonly bytes: number
  readonly isAll: boolean
  /** Seqs. `isIdList`: it lists the ids of records that a consumer has processed. */
  readonly damaged: readonly {
    readonly first: number
    readonly last: number
    readonly isIdList: boolean
  }[]
}

/** Ranges that are named; the rest are counted. */
const NAMED_MAX = 5

/** Judges what is stored of events, beside what SQLite itself can tell of its file. */
export function checkBodies({ events, bytes, isAll, damaged }: BodiesFacts): Finding[] {
  if (events === 0) return []
  const which = isAll ? `all ${events}` : `the newest ${events}`
  const more = isAll ? '' : '; --full looks at all'
  const looked = `the bodies of ${which} events (${Math.ceil(bytes / 1e6)} MB on disk${more})`
  if (damaged.length === 0) return [ok(`${looked} are as they were written`)]
  const bodies = damaged.filter(({ isIdList }) => !isIdList)
  const lists = damaged.filter(({ isIdList }) => isIdList)
  const findings: Finding[] = []
  if (bodies.length > 0) {
    findings.push(
      fail(
        `of ${looked} some are damaged: ${say(bodies)}`,
        'look at the disk; their providers or a backup have the bytes: `inlet events show <seq>`',
      ),
    )
  }
  if (lists.length > 0) {
    findings.push(
      fail(
        `of ${looked} some that list what consumers have processed are damaged: ${say(lists)}`,
        'look at the disk; those records are handled again where Kafka gives them again',
      ),
    )
  }
  return findings
}

function say(ranges: BodiesFacts['damaged']): string {
  const named = ranges
    .slice(0, NAMED_MAX)
    .map(({ first, last }) => (first === last ? `${first}` : `${first} to ${last}`))
  const rest = ranges.slice(NAMED_MAX).reduce((sum, { first, last }) => sum + last - first + 1, 0)
  return rest === 0 ? named.join(', ') : `${named.join(', ')}, and ${rest} more`
}
