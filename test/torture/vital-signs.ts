import { readdirSync, readFileSync, statSync } from 'node:fs'
import { systemClock } from '../../src/clock.ts'

/** What must not grow without end. */
export interface Vitals {
  readonly atMs: number
  readonly rssMib: number
  readonly handles: number
  readonly walMib: number
  readonly databaseMib: number
}

const MIB = 1024 * 1024
const HOUR_MS = 60 * 60 * 1000

/** Watches a process and its database until `signal` aborts, and resolves to all it saw. */
export async function watch(
  process: { readonly pid: number; readonly databasePath: string; readonly everyMs: number },
  signal: AbortSignal,
): Promise<readonly Vitals[]> {
  const { pid, databasePath, everyMs } = process
  const seen: Vitals[] = []
  while (!signal.aborted) {
    const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    seen.push({
      atMs: systemClock.monotonicMs(),
      rssMib: Number(kib) / 1024,
      handles: readdirSync(`/proc/${pid}/fd`).length,
      walMib: statSync(`${databasePath}-wal`).size / MIB,
      databaseMib: statSync(databasePath).size / MIB,
    })
    await systemClock.sleep(everyMs, signal)
  }
  return seen
}

/** How much more there was in the last quarter than in the second: the first is for warming up. */
export function growthOf(seen: readonly Vitals[], of: (vitals: Vitals) => number): number {
  return growth(seen, (part) => median(part.map(of)))
}

/**
 * The same of what there is at least: for what comes and goes in bursts that fill most of
 * a quarter, and is all gone between them.
 */
export function growthOfLeast(seen: readonly Vitals[], of: (vitals: Vitals) => number): number {
  return growth(seen, (part) => Math.min(...part.map(of)))
}

function growth(seen: readonly Vitals[], sumUp: (part: readonly Vitals[]) => number): number {
  const quarter = Math.floor(seen.length / 4)
  return sumUp(seen.slice(-quarter)) - sumUp(seen.slice(quarter, 2 * quarter))
}

/** The least-squares slope after the first quarter, in units an hour. */
export function slopePerHour(seen: readonly Vitals[], of: (vitals: Vitals) => number): number {
  const points = seen.slice(Math.floor(seen.length / 4))
  const meanAt = mean(points.map(({ atMs }) => atMs))
  const meanOf = mean(points.map(of))
  let above = 0
  let below = 0
  for (const point of points) {
    above += (point.atMs - meanAt) * (of(point) - meanOf)
    below += (point.atMs - meanAt) ** 2
  }
  return below === 0 ? 0 : (above / below) * HOUR_MS
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}
