import { closeSync, fdatasyncSync, openSync, statfsSync, writeSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/clock.ts'
import { median, percentile } from './statistics.ts'

const SYNCS = 500
const TMPFS = 0x01021994

/** What the figures depend on beside the program. */
export function describeMachine(): string {
  const [cpu] = cpus()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const parts = [
    cpu?.model.trim() ?? 'unknown CPU',
    `${cpus().length} cores`,
    `${gigabytes} GiB`,
    `Linux ${release()}`,
    `Bun ${Bun.version}`,
  ]
  return parts.join(', ')
}

/** How long the disk below a directory takes to sync one appended page, in ms. */
export interface SyncTimes {
  readonly medianMs: number
  readonly p99Ms: number
}

/** Appends pages to a file, and syncs each. */
export function probeSync(directory: string): SyncTimes {
  if (statfsSync(directory).type === TMPFS) {
    throw new Error(`${directory} is in memory: choose a directory on a disk with --data-dir`)
  }
  const file = openSync(join(directory, 'probe'), 'w')
  const page = new Uint8Array(4096)
  const times = Array.from({ length: SYNCS }, () => {
    const startedMs = systemClock.monotonicMs()
    writeSync(file, page)
    fdatasyncSync(file)
    return systemClock.monotonicMs() - startedMs
  })
  closeSync(file)
  return { medianMs: median(times), p99Ms: percentile(times, 0.99) }
}
