import type { Delivery, Refused, Verdict } from '../delivery.ts'
import type { KeyNeeded } from '../key-place.ts'
import type { Source } from '../source.ts'

const STILL_NEEDED = {
  kind: 'refused',
  code: 'OUTBOUND_FAILED',
  detail: 'a key that was fetched for it is gone again: send it again',
} as const satisfies Refused

/**
 * Judges a delivery. Where that takes a key which nobody has asked for before, it is fetched, once:
 * no delivery waits for a second one.
 */
export async function verify(
  delivery: Delivery,
  source: Source,
): Promise<Exclude<Verdict, KeyNeeded>> {
  const first = source.verify(delivery)
  if (first.kind !== 'key-needed') return first
  const failed = await first.fetch()
  if (failed !== undefined) return failed
  const second = source.verify(delivery)
  return second.kind === 'key-needed' ? STILL_NEEDED : second
}
