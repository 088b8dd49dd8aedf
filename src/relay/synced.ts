import type { Clock } from '../clock.ts'
import { openNap } from '../nap.ts'
import type { Intake, SyncedSeq } from './ports.ts'

/** The relay's doorbell, and the hand that rings it. */
export interface Synced extends SyncedSeq {
  /**
   * Everything up to `seq` is on disk, and that is how deliveries fare. A lower seq than before
   * changes nothing of the one that is known.
   */
  advance(seq: number, intake: Intake): void
  /**
   * Makes the relay look again although nothing new is committed, at what is blocked as well:
   * after a redrive, once that is stored.
   */
  ring(): void
}

/** Nobody waits. */
export const NO_INTAKE: Intake = { lineMs: 0, isRefusing: false }

/** Opens it at `first`, the highest outbox seq that was on disk at the start. */
export function openSynced(first: number, clock: Clock): Synced {
  let seq = first
  let lastIntake = NO_INTAKE
  let rung = false
  let rings = 0
  const nap = openNap(clock)
  return {
    current: () => seq,
    rings: () => rings,
    intake: () => lastIntake,
    advance(to, intake) {
      lastIntake = intake
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
