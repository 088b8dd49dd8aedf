import { GatewayError } from '../src/faults/faults.ts'

/**
 * Refuses a SQLite whose WAL can be corrupted by a checkpoint that races with a writer's
 * reset (fixed in 3.51.3).
 *
 * @throws GatewayError STORAGE_UNUSABLE
 */
export function assertSqliteVersion(version: string): void {
  if (isAtLeast(version, '3.51.3')) return
  throw new GatewayError('STORAGE_UNUSABLE', `SQLite is ${version}, older than 3.51.3`)
}

/** Whether a dotted version is the other one or a later one. */
export function isAtLeast(version: string, least: string): boolean {
  return version.localeCompare(least, 'en', { numeric: true }) >= 0
}
