import type { EpochMs } from './clock.ts'
import type { Verifier } from './delivery.ts'

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
    const digest = new Bun.CryptoHasher('sha256').update(secret).digest('hex')
    const known = earlier.find((use) => use.digest === digest)
    return known ?? { digest, deliveries: 0, lastUsedAt: null }
  })
}

/** The same verifier, which also counts by which secret a delivery was proved. */
export function counting(verify: Verifier, uses: readonly SecretUse[]): Verifier {
  return (delivery) => {
    const verdict = verify(delivery)
    const isProven = verdict.kind === 'verified' || verdict.kind === 'batch'
    const use = isProven ? uses[verdict.secretIndex ?? -1] : undefined
    if (use !== undefined) {
      use.deliveries += 1
      use.lastUsedAt = delivery.receivedAt
    }
    return verdict
  }
}
