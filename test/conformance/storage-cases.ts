import { CLAIM_CASES, EVENT_CASES } from './storage-claims.ts'
import { BATCH_CASES, COMMIT_CASES } from './storage-commits.ts'
import { MARK_CASES, RETENTION_CASES } from './storage-marks.ts'
import type { StorageCase } from './storage-setup.ts'

/** What every storage does. */
const OWNED: readonly StorageCase[] = [
  ...COMMIT_CASES,
  ...BATCH_CASES,
  ...MARK_CASES,
  ...RETENTION_CASES,
]

/** What one does that several processes share. */
const SHARED: readonly StorageCase[] = [...CLAIM_CASES, ...EVENT_CASES]

export const STORAGE_CASES: readonly StorageCase[] = [...OWNED, ...SHARED]

const ONE_OWNER = 'one process owns the file, and an OS lock refuses a second'
const NO_CLAIM = 'the core claims nothing: test/db/outbox.test.ts holds its own outbox to the same'
const NAMED_BY_OPEN = 'the core has its name where it is opened: test/db/open.test.ts'
const TAKES_EVENTS = 'an intake at the edge hands events on, and the core is who takes them'

/** The cases of claims that are not about who has the lease. */
const NOT_OF_OWNERS: Readonly<Record<string, string>> = {
  'a claim is given the oldest entries that fit, and always one': NO_CLAIM,
  'a claim says which topics are closed, and a holder which keys are blocked': NO_CLAIM,
  'an entry whose event is gone says so': NO_CLAIM,
  'the name of a database stays the same': NAMED_BY_OPEN,
}

/** Why the core does not do what is about several processes, or about handing events on. */
export const CORE_SKIPS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(CLAIM_CASES.map(({ name }) => [name, ONE_OWNER])),
  ...NOT_OF_OWNERS,
  ...Object.fromEntries(EVENT_CASES.map(({ name }) => [name, TAKES_EVENTS])),
}
