import type { Database } from 'bun:sqlite'
import { assert } from '../src/assert.ts'
import type { Clock } from '../src/clock.ts'

/** How often the age is written down, in ms: a crash makes things be kept this much longer. */
const KEEP_MS = 60_000

/**
 * The time by which things of this file grow old. It passes only while a gateway has the file
 * open, at the pace of the monotonic clock: the wall clock is asked once, when the file is made,
 * and can neither delete too early nor keep for ever. What is deleted after a week was here for a
 * week in which a redelivery could have come.
 */
export interface Lifetime {
  /** In ms: that of the wall clock when the file was made, and what it has been open since. */
  nowMs(): number
  /** Writes it down for the next start, once a minute. Inside a transaction. */
  keep(): void
}

/** Goes on where the last process wrote it down. Inside a transaction. */
export function openLifetime(client: Database, clock: Clock): Lifetime {
  client.run("INSERT INTO meta (name, value) VALUES ('lifetime_ms', ?) ON CONFLICT DO NOTHING", [
    String(clock.now()),
  ])
  const row = client
    .query<{ value: string }, []>("SELECT value FROM meta WHERE name = 'lifetime_ms'")
    .get()
  const startMs = Number(row?.value)
  assert(Number.isSafeInteger(startMs), 'meta has the time by which this file grows old')
  const openedMs = clock.monotonicMs()
  const nowMs = () => startMs + Math.floor(clock.monotonicMs() - openedMs)
  let keptMs = startMs

  return {
    nowMs,
    keep() {
      const now = nowMs()
      if (now - keptMs < KEEP_MS) return
      client.run("UPDATE meta SET value = ? WHERE name = 'lifetime_ms'", [String(now)])
      keptMs = now
    },
  }
}
