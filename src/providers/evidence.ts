import { PROVEN } from './proven.ts'
import type { ProviderRow } from './row.ts'

/** How sure a row is: `proven`, or where it was read. */
export type Evidence = 'proven' | ProviderRow['level']

/** How sure a row is. What proves one is found in the tests, so that no row can claim it. */
export function evidenceOf(row: ProviderRow): Evidence {
  return provenBy(row.key).length === 0 ? row.level : 'proven'
}

/** What confirms a row: published deliveries, and libraries that sign or verify the same. */
export function provenBy(key: string): readonly string[] {
  // A provider of somebody's own may be called `constructor`.
  return Object.hasOwn(PROVEN, key) ? (PROVEN[key] ?? []) : []
}
