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

/** Why the core does not do what is about several processes. */
export const CORE_SKIPS: Readonly<Record<string, string>> = Object.fromEntries(
  SHARED.map(({ name }) => [name, ONE_OWNER]),
)
