import type { EpochMs } from '../../clock.ts'
import type { Timestamp } from '../schemes.ts'

/**
 * Whole numbers only: `1e9`, ` 1` and `1614265330abc` are all accepted by some parser, and by us
 * not.
 */
const DIGITS = { s: /^\d{1,12}$/, ms: /^\d{1,15}$/ } as const

/** RFC 3339, as much of it as providers write; seconds with up to nanoseconds. */
const ISO = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:(\.\d{1,3})\d{0,6})?(Z|[+-]\d\d:\d\d)$/

/** The instant that a timestamp names, or undefined where it is not plainly one of this unit. */
export function parseTimestamp(text: string, unit: Timestamp['unit']): EpochMs | undefined {
  if (unit === 'iso') return parseIso(text)
  if (!DIGITS[unit].test(text)) return undefined
  return unit === 's' ? Number(text) * 1000 : Number(text)
}

function parseIso(text: string): EpochMs | undefined {
  const [, seconds, fraction = '', zone] = ISO.exec(text) ?? []
  if (seconds === undefined || zone === undefined) return undefined
  const at = Date.parse(`${seconds}${fraction}${zone}`)
  return Number.isNaN(at) ? undefined : at
}

/** A timestamp as a provider writes it. */
export function writeTimestamp(at: EpochMs, unit: Timestamp['unit']): string {
  if (unit === 'iso') return new Date(at).toISOString()
  return String(unit === 's' ? Math.floor(at / 1000) : Math.floor(at))
}

/** Whether an instant is near enough to now, in both directions. */
export function isWithinWindow(at: EpochMs, now: EpochMs, toleranceSeconds: number): boolean {
  return Math.abs(now - at) <= toleranceSeconds * 1000
}
