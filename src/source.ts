import type { ParsedBody, Verifier } from './delivery.ts'
import type { Router } from './route.ts'
import type { RefusalCounts, SecretUse } from './secret-uses.ts'
import type { Skew } from './skew.ts'

/** A configured third party: how its deliveries are verified, and where its events go. */
export interface Source {
  readonly name: string
  readonly provider: string
  /** True where the operator configured `none`: anybody can send. */
  readonly unsigned: boolean
  /**
   * Where it was read how the provider signs, for those that nothing has confirmed; absent for all
   * others.
   */
  readonly unconfirmed?: string | undefined
  /** True where the provider sends each delivery once, whatever it is answered. */
  readonly neverRetries: boolean
  /** The handler file, or undefined where configuration alone defines the source. */
  readonly file: string | undefined
  /** The methods that its requests come with: POST, and those of its provider's probes. */
  readonly methods: readonly string[]
  /** Where the secrets are that its provider hands over; undefined where they are configured. */
  readonly learntSecretsFile?: string | undefined
  readonly verify: Verifier
  /** Reads a stored body as the provider writes it; absent: as the catalogue says. */
  readonly parse?: ((body: Uint8Array, contentType: string) => ParsedBody) | undefined
  readonly route: Router
  /** Which of its secrets are in use, in their order; absent where it takes unsigned deliveries. */
  readonly secretUses?: readonly SecretUse[]
  /** What was not proven; absent where it takes unsigned deliveries. */
  readonly refusals?: RefusalCounts
  /** Our clock against its provider's; absent where it takes unsigned deliveries. */
  readonly skew?: Skew
}
