import type { ConsumerTally } from '../consumer-status.ts'

export function newTally(): ConsumerTally {
  return {
    processed: 0,
    duplicates: 0,
    passed: 0,
    dead: 0,
    deadAt: null,
    lost: 0,
    lostAt: null,
    attempts: 0,
    retries: 0,
    restarts: 0,
    fetchedAt: null,
  }
}
