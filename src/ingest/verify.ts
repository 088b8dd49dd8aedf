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
 * no delivery waits for a second one. No promise where it is judged at once, as nearly all are.
 */
export function verify(delivery: Delivery, source: Source): Judged | Promise<Judged> {
  const first = source.verify(delivery)
  return first.kind === 'key-needed' ? verifyWithKey(first, delivery, source) : first
}

type Judged = Exclude<Verdict, KeyNeeded>

async function verifyWithKey(
  needed: KeyNeeded,
  delivery: Delivery,
  source: Source,
): Promise<Judged> {
  const failed = await needed.fetch()
  if (failed !== undefined) return failed
  const second = source.verify(delivery)
  return second.kind === 'key-needed' ? STILL_NEEDED : second
}
