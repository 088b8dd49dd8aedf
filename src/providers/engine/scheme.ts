import type { EpochMs } from '../../clock.ts'
import type { Delivery, Refused } from '../../delivery.ts'
import type { FaultCode } from '../../errors.ts'
import type { RowConfig } from './config.ts'

/** Who sent it is proven, and this is what the proof covers beside the body. */
export interface Proof {
  readonly kind: 'proven'
  /** The id that is signed with the body; undefined where the scheme signs none. */
  readonly id: string | undefined
  /** The signed time, as received; undefined where there is none outside the body. */
  readonly timestamp: string | undefined
  /** Which of the secrets proved it; undefined where none was asked for. */
  readonly secretIndex: number | undefined
}

/** One way of proving, compiled for one source. */
export interface CompiledScheme {
  /** The header to name where nothing is present. */
  readonly header: string
  readonly isPresent: (headers: Headers) => boolean
  /** Called only where the scheme is present. */
  readonly check: (delivery: Delivery) => Proof | Refused
  /** Checks a time that stands within the signed body; undefined where the scheme has none. */
  readonly checkData: ((data: unknown) => Refused | undefined) | undefined
}

export interface SchemeOptions {
  /** Those of the source's secrets that belong to this scheme. */
  readonly secrets: readonly string[]
  readonly config: RowConfig
  readonly now: () => EpochMs
}

export function refused(code: FaultCode, detail: string): Refused {
  return { kind: 'refused', code, detail }
}
