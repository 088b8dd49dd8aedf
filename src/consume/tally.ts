/** What a consumer has done since the process began. */
export interface Tally {
  /** Records whose handler has run to its end. */
  processed: number
  /** Records that were processed before: redelivered, or fetched again. */
  duplicates: number
  /** Records that no route takes. */
  passed: number
  /** Records that were given up. */
  dead: number
  /** Tries that began, and those that are tried again. */
  attempts: number
  retries: number
  /** Lives of the consumer that ended by themselves. */
  restarts: number
}

export function newTally(): Tally {
  return {
    processed: 0,
    duplicates: 0,
    passed: 0,
    dead: 0,
    attempts: 0,
    retries: 0,
    restarts: 0,
  }
}
