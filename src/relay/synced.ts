import type { Clock } from '../clock.ts'
import { openNap } from '../nap.ts'
import type { SyncedSeq } from './ports.ts'

/** The relay's doorbell, and the hand that rings it. */
export interface Synced extends SyncedSeq {
  /**
   * Everything up to `seq` is on disk, and the deliveries that wait will take `lineMs`. A lower seq
   * than before changes nothing of the one that is known.
   */
  advance(seq: number, lineMs: number): void
  /**
   * Makes the relay look again although nothing new is committed, at what is blocked as well:
   * after a redrive, once that is stored.
   */
  ring(): void
}

/** Opens it at `first`, the highest outbox seq that was on disk at the start. */
export function openSynced(first: number, clock: Clock): Synced {
  let seq = first
  let lastLineMs = 0
  let rung = false
  let rings = 0
  const nap = openNap(clock)
  return {
    current: () => seq,
    rings: () => rings,
    lineMs: () => lastLineMs,
    advance(to, lineMs) {
      lastLineMs = lineMs
      if (to <= seq) return
      seq = to
      nap.wake()
    },
    ring() {
      rung = true
      rings += 1
      nap.wake()
    },
    async next({ after, ms, signal }) {
      if (seq <= after && !rung) await nap.sleep(ms, signal)
      rung = false
    },
  }
}
