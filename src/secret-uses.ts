import type { EpochMs } from './clock.ts'
import type { FailedStep, Verifier } from './delivery.ts'
import { digestOf } from './bytes/hashing.ts'
import type { Skew } from './skew.ts'

/** How often one of a source's secrets has proved a delivery since the gateway started. */
export interface SecretUse {
  /** A digest of the secret, to recognise it after a reload. Never shown. */
  readonly digest: string
  deliveries: number
  lastUsedAt: EpochMs | null
}

/**
 * One count for each secret, in the order in which they are configured. A secret that `earlier`
 * knows goes on counting, wherever it stands now.
 */
export function countUses(
  secrets: readonly string[],
  earlier: readonly SecretUse[] = [],
): readonly SecretUse[] {
  return secrets.map((secret) => {
    const digest = digestOf(secret).toHex()
    const known = earlier.find((use) => use.digest === digest)
    return known ?? { digest, deliveries: 0, lastUsedAt: null }
  })
}

/** How many deliveries were not proven since the gateway started, by the step that failed. */
export type RefusalCounts = Map<FailedStep, number>

/** What is known of a source from what verifying its deliveries came to. */
export interface ProofCounts {
  readonly uses: readonly SecretUse[]
  readonly refusals: RefusalCounts
  readonly skew: Skew
}

/**
 * The same verifier, which also counts by which secret a delivery was proved, and by which step it
 * was not.
 */
export function counting(verify: Verifier, { uses, refusals, skew }: ProofCounts): Verifier {
  return (delivery) => {
    const verdict = verify(delivery)
    if (verdict.kind === 'refused' && verdict.step !== undefined) {
      refusals.set(verdict.step, (refusals.get(verdict.step) ?? 0) + 1)
    }
    const isProven = verdict.kind === 'verified' || verdict.kind === 'batch'
    // A clock that is far off shows in nothing but what is refused for it.
    const signedAt = 'signedAt' in verdict ? verdict.signedAt : undefined
    if (signedAt !== undefined) skew.add(delivery.receivedAt - signedAt)
    const use = isProven ? uses[verdict.secretIndex ?? -1] : undefined
    if (use !== undefined) {
      use.deliveries += 1
      use.lastUsedAt = delivery.receivedAt
    }
    return verdict
  }
}
