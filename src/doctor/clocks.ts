import type { Clock } from '../clock.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** This program was written after it: a clock before it was never set. */
const BUILT_AFTER_MS = Date.UTC(2026, 0, 1)

/** NTP slews by at most 0.05 %; a difference beyond this, within seconds, is a step. */
const STEP_MS = 500

/** Begins to watch both clocks; call what it returns later to hear whether they agree. */
export function watchClocks(clock: Clock): () => Finding[] {
  const start = { wallMs: clock.now(), monotonicMs: clock.monotonicMs() }
  return () => {
    const next = 'run NTP (chrony, systemd-timesyncd), and look at the host of a virtual machine'
    const nowMs = clock.now()
    if (nowMs < BUILT_AFTER_MS) {
      const time = new Date(nowMs).toISOString()
      return [fail(`the clock says ${time}: every signature is out of its window`, next)]
    }
    const stepMs = nowMs - start.wallMs - (clock.monotonicMs() - start.monotonicMs)
    if (Math.abs(stepMs) > STEP_MS) {
      return [warn(`the clock jumped by ${Math.round(stepMs)} ms during this check`, next)]
    }
    return [ok(`the clock is steady, at ${new Date(nowMs).toISOString()}`)]
  }
}
