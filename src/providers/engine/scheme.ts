import type { EpochMs } from '../../clock.ts'
import type { FailedStep, Refused } from '../../delivery.ts'
import type { FaultCode } from '../../faults/faults.ts'
import type { FindKeys, KeyNeeded } from '../../key-place.ts'
import type { RowConfig } from './config.ts'
import type { Asked } from './request.ts'

/** Who sent it is proven, and this is what the proof covers beside the body. */
export interface Proof {
  readonly kind: 'proven'
  /** The id that is signed with the body; undefined where the scheme signs none. */
  readonly id: string | undefined
  /** The signed time, as received; undefined where there is none outside the body. */
  readonly timestamp: string | undefined
  /** The instant that it names, where the scheme checked it. */
  readonly signedAt?: EpochMs | undefined
  /** Which of the secrets proved it; undefined where none was asked for. */
  readonly secretIndex: number | undefined
  /** What the proof itself says: the claims of a token. */
  readonly claims?: Readonly<Record<string, unknown>>
}

/**
 * Judges a request; undefined where nothing of this scheme is present, so that others are asked. A
 * value of the body is read only where the scheme cannot do without.
 */
export type Check = (request: Asked) => Proof | Refused | KeyNeeded | undefined

/** One way of proving, compiled for one source. */
export interface CompiledScheme {
  /** What to name where nothing is present: `x-signature`. */
  readonly label: string
  readonly check: Check
  /** Checks a time that stands within the signed body; undefined where the scheme has none. */
  readonly checkData?: ((data: unknown) => Refused | undefined) | undefined
}

export interface SchemeOptions {
  /** The name of the source. */
  readonly source: string
  /** Those of the source's secrets that belong to this scheme. */
  readonly secrets: readonly string[]
  readonly config: RowConfig
  /** The URL that is registered with the provider, without a query; present where it is needed. */
  readonly url: string | undefined
  readonly findKeys: FindKeys
  readonly now: () => EpochMs
}

/**
 * Compiles what a row of the kind `code` does.
 *
 * @throws GatewayError CONFIG_INVALID where a secret or a config value cannot be used.
 */
export type CompileCode = (options: SchemeOptions) => Check

/** Refuses; `step` is for the log, and the sender never sees which it was. */
export function refused(code: FaultCode, detail: string, step?: FailedStep): Refused {
  return { kind: 'refused', code, detail, ...(step === undefined ? {} : { step }) }
}

/** Refuses what does not prove its sender. */
export function unproven(step: FailedStep, detail: string): Refused {
  return refused(CODES[step], detail, step)
}

const CODES = {
  missing_header: 'SIGNATURE_MISSING',
  missing_time: 'SIGNATURE_MISSING',
  stale: 'SIGNATURE_EXPIRED',
  bad_time: 'SIGNATURE_MISMATCH',
  bad_encoding: 'SIGNATURE_MISMATCH',
  mismatch: 'SIGNATURE_MISMATCH',
  unknown_key: 'SIGNATURE_MISMATCH',
  wrong_algorithm: 'SIGNATURE_MISMATCH',
  wrong_claim: 'SIGNATURE_MISMATCH',
  wrong_version: 'SIGNATURE_MISMATCH',
} as const satisfies Record<FailedStep, FaultCode>

/** What a sample delivery is made of. */
export interface Signing {
  readonly secret: string
  readonly body: Uint8Array
  readonly eventId: string
  readonly type: string
  readonly now: EpochMs
  readonly config: RowConfig
  /** The URL that is registered with the provider, without a query. */
  readonly url: string | undefined
  /** Those that the delivery has already. */
  readonly headers: Readonly<Record<string, string>>
}

/** What a signature adds to a delivery, or changes of it. */
export interface Signed {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Parameters of the URL. */
  readonly query?: Readonly<Record<string, string>>
}

/** Signs as the provider of a row of the kind `code` does. */
export type SignCode = (signing: Signing) => Signed
