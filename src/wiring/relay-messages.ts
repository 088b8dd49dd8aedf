/** What the main thread and the relay's thread say to each other. */
import type { Config } from '../settings/config.ts'
import type { FaultCode } from '../faults/faults.ts'
import type { RelayMark } from '../outbox.ts'
import type { Intake, RelayStatus } from '../relay/ports.ts'
import type { TraceConfig } from './traces.ts'

/** What the relay's thread needs of the configuration. */
export type RelaySettings = TraceConfig &
  Pick<
    Config,
    | 'INLET_DATA_DIR'
    | 'INLET_FAILPOINT'
    | 'INLET_POISON_POLICY'
    | 'INLET_SINK'
    | 'KAFKA_BROKERS'
    | 'KAFKA_CLIENT_ID'
    | 'KAFKA_COMPRESSION'
    | 'kafkaSecurity'
    | 'LOG_LEVEL'
  >

export type ToRelay =
  | { readonly kind: 'start'; readonly settings: RelaySettings; readonly syncedSeq: number }
  /** Outbox entries up to this seq are on disk, and that is how deliveries fare. */
  | { readonly kind: 'synced'; readonly seq: number; readonly intake: Intake }
  /** Exceptions were freed, and that is on disk. */
  | { readonly kind: 'ring' }
  /** The answer to a mark: `failure` is null once it is on disk. */
  | { readonly kind: 'marked'; readonly id: number; readonly failure: MarkFailure | null }
  | { readonly kind: 'stop' }

/** Why a mark is not stored. Without a code it never will be: the relay has to begin again. */
export interface MarkFailure {
  readonly code: FaultCode | undefined
  readonly detail: string
}

export type FromRelay =
  | { readonly kind: 'mark'; readonly id: number; readonly mark: RelayMark }
  | { readonly kind: 'status'; readonly status: RelayStatus }
  /** Everything is closed: the thread may end. */
  | { readonly kind: 'stopped' }
  /** It cannot go on: another thread has to. */
  | { readonly kind: 'crashed'; readonly reason: string }
