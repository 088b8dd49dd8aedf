import type { EpochMs } from '../../clock.ts'
import type { Timestamp } from '../row.ts'

/**
 * Whole numbers only: `1e9`, ` 1` and `1614265330abc` are all accepted by some parser, and by us
 * not.
 */
const DIGITS = { s: /^\d{1,12}$/, ms: /^\d{1,15}$/ } as const

/** The instant that a timestamp names, or undefined where it is not a plain whole number. */
export function parseTimestamp(text: string, unit: Timestamp['unit']): EpochMs | undefined {
  if (!DIGITS[unit].test(text)) return undefined
  return unit === 's' ? Number(text) * 1000 : Number(text)
}

/** A timestamp as a provider writes it. */
export function writeTimestamp(at: EpochMs, unit: Timestamp['unit']): string {
  return String(unit === 's' ? Math.floor(at / 1000) : Math.floor(at))
}

/** Whether an instant is near enough to now, in both directions. */
export function isWithinWindow(at: EpochMs, now: EpochMs, timestamp: Timestamp): boolean {
  return Math.abs(now - at) <= timestamp.toleranceSeconds * 1000
}
