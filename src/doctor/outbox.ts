import { ok, warn, type Finding } from './finding.ts'

/** Records that a person has to decide about. */
export interface StuckRecords {
  readonly blocked: number
  readonly dead: number
}

/** Says what no longer moves by itself. */
export function checkOutbox({ blocked, dead }: StuckRecords): Finding[] {
  if (blocked + dead === 0) return [ok('no record is blocked or dead')]
  return [
    warn(
      `${blocked} records are blocked, ${dead} are dead: they are not on their topics`,
      '`inlet outbox` lists them with what Kafka said, `--status dead` the others; once that is mended: `inlet redrive`',
    ),
  ]
}
