/** When an isolate at the edge hands on what is stored: one pass at a time, and not for nothing. */
import { backoffMs } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import { AWAY_BASE_MS, AWAY_MS_MAX, FORWARD_MS_MAX } from '../limits/edge.ts'
import { messageOf } from '../faults/faults.ts'
import { randomToken } from '../ids.ts'
import { PUBLISH_MS_MAX } from '../limits/limits.ts'
import type { Log } from '../log.ts'
import type { PassEnd } from '../relay/pass.ts'

/** Hands on what there is; `holder` is no other pass's, and nothing is begun after `untilMs`. */
export type Pass = (options: {
  readonly holder: string
  readonly untilMs: number
}) => Promise<PassEnd>

export interface HandOnPorts {
  readonly clock: Clock
  readonly log: Log
  readonly pass: Pass
}

/** Hands on for as many ms. Where nobody has taken anything lately, only a schedule tries. */
export type HandOn = (occasion: 'answer' | 'schedule', ms: number) => Promise<void>

const AWAY = { baseMs: AWAY_BASE_MS, maxMs: AWAY_MS_MAX }

/**
 * Who asks while a pass is under way has it done after that one. Other isolates are kept away by
 * the lease; what one of them leaves, a schedule takes.
 */
export function openHandOn({ clock, log, pass }: HandOnPorts): HandOn {
  let busyUntilMs = -Infinity
  let isAsked = false
  // Without a wait each answer would read and send once more all that has piled up.
  let failures = 0
  let notBeforeMs = -Infinity

  function learn(end: PassEnd): void {
    if (end === 'busy') return
    failures = end === 'unavailable' ? failures + 1 : 0
    notBeforeMs = failures === 0 ? -Infinity : clock.monotonicMs() + backoffMs(AWAY, failures)
  }

  return async (occasion, ms) => {
    isAsked = true
    const nowMs = clock.monotonicMs()
    if (nowMs < busyUntilMs || (occasion === 'answer' && nowMs < notBeforeMs)) return
    const untilMs = nowMs + ms
    // One that is ended from outside never says so: it is over when its last batch must be.
    const ownUntilMs = untilMs + Math.max(FORWARD_MS_MAX, PUBLISH_MS_MAX)
    busyUntilMs = ownUntilMs
    try {
      let end: PassEnd = 'done'
      while (isAsked && end === 'done') {
        isAsked = false
        end = await pass({ holder: randomToken(), untilMs })
        learn(end)
      }
    } catch (error) {
      log.error('relay.failed', { reason: messageOf(error) })
    } finally {
      // A later one may have taken over from one that went on for longer than it must.
      if (busyUntilMs === ownUntilMs) busyUntilMs = -Infinity
    }
  }
}
