import type { EpochMs } from './clock.ts'
import type { EventState, KeptEvent } from './event.ts'
import type { OutboxRecord } from './record.ts'

/** A failed event whose handler is due for another try, as it was stored. */
export interface DueRetry extends KeptEvent {
  /** Tries so far, the first one included. */
  readonly attempts: number
  /** Why its bytes cannot be read; its body is empty then. */
  readonly damage?: string
}

/** A try that is about to begin. It is counted before, because the handler may end the process. */
export interface RetryStart {
  readonly seq: number
  /** Which try this is: one more than the tries so far. */
  readonly attempt: number
  /** When the event is due again if nobody says how this try ended. */
  readonly nextAt: EpochMs
}

/** How a try ended. */
export interface RetryFinish {
  readonly seq: number
  readonly attempt: number
  readonly state: EventState
  readonly reason: string | null
  readonly records: readonly OutboxRecord[]
  /** Null: it is not tried again. */
  readonly nextAt: EpochMs | null
}
