import type { Clock } from '../clock.ts'
import type { SyncedSeq } from './ports.ts'

/** The relay's doorbell, and the hand that rings it. */
export interface Synced extends SyncedSeq {
  /** Everything up to `seq` is on disk. A lower seq than before changes nothing. */
  advance(seq: number): void
  /**
   * Makes the relay look again although nothing new is committed, at what is blocked as well:
   * after a redrive, once that is stored.
   */
  ring(): void
}

/** Opens it at `first`, the highest outbox seq that was on disk at the start. */
export function openSynced(first: number, clock: Clock): Synced {
  let seq = first
  let rung = false
  let rings = 0
  let sleeper: AbortController | undefined
  return {
    current: () => seq,
    rings: () => rings,
    advance(to) {
      if (to <= seq) return
      seq = to
      sleeper?.abort()
    },
    ring() {
      rung = true
      rings += 1
      sleeper?.abort()
    },
    async next({ after, ms, signal }) {
      if (seq <= after && !rung && !signal.aborted) {
        const nap = new AbortController()
        const stop = () => nap.abort()
        signal.addEventListener('abort', stop, { once: true })
        sleeper = nap
        await clock.sleep(ms, nap.signal)
        sleeper = undefined
        signal.removeEventListener('abort', stop)
      }
      rung = false
    },
  }
}
