import { closeSync, fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { messageOf } from '../faults/faults.ts'
import { adviceOn, fail, ok, warn, type Finding } from './finding.ts'

export interface DiskPorts {
  readonly clock: Clock
  /** The name of the network file system that a `statfs` type stands for. */
  readonly networkFileSystem: (type: number) => string | undefined
  /** Below this much free space nothing is taken. */
  readonly freeBytesMin: number
}

/** Enough for a p99 that is no fluke, and half a second on a disk of 5 ms. */
const SYNCS = 100
const SYNC_BYTES = 4096
/** No more than this is spent on a disk that is very slow. */
const SYNCS_MS_MAX = 10_000

/** Every 2xx waits for a sync: at 50 ms a provider that counts in seconds still does not notice. */
const SYNC_P99_WARN_MS = 50

/** `statfs` types (linux/magic.h) that are gone with the machine, or with the container. */
const FLEETING: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs, which is memory'],
  [0x858458f6, 'ramfs, which is memory'],
  [0x794c7630, 'overlayfs, which is gone with its container'],
])

/** Looks at the disk under `directory`, which exists: what kind, how full, how fast to sync. */
export function checkDisk(directory: string, ports: DiskPorts): Finding[] {
  return [
    checkFileSystem(directory, ports),
    checkSpace(directory, ports),
    checkSync(directory, ports.clock),
  ]
}

function checkFileSystem(directory: string, { networkFileSystem }: DiskPorts): Finding {
  const type = statfsSync(directory).type >>> 0
  const network = networkFileSystem(type)
  const next = 'set INLET_DATA_DIR to a directory on a local disk'
  if (network !== undefined) {
    return fail(`${directory} is on ${network}: the database's locks do not hold there`, next)
  }
  const fleeting = process.platform === 'linux' ? FLEETING.get(type) : undefined
  if (fleeting === undefined) return ok(`${directory} is on a local file system`)
  return warn(
    `${directory} is on ${fleeting}: acknowledged events go with it`,
    'set INLET_DATA_DIR to a directory on a disk, or mount a volume there',
  )
}

function checkSpace(directory: string, { freeBytesMin }: DiskPorts): Finding {
  const { bavail, bsize } = statfsSync(directory)
  const free = bavail * bsize
  const what = `${megabytes(free)} MB are free in ${directory}`
  const next = 'free space, or move INLET_DATA_DIR: without space intake answers 503'
  if (free < freeBytesMin) return fail(`${what}, ${megabytes(freeBytesMin)} MB are needed`, next)
  return free < 4 * freeBytesMin ? warn(what, next) : ok(what)
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1e6)
}

function checkSync(directory: string, clock: Clock): Finding {
  const path = join(directory, `.inlet-doctor-${process.pid}`)
  try {
    const times = timeSyncs(path, clock)
    const [p50, p99] = [0.5, 0.99].map(
      (share) => times[Math.floor((times.length - 1) * share)] ?? 0,
    )
    const what = `a sync takes ${p50?.toFixed(1)} ms, 1 of 100 more than ${p99?.toFixed(1)} ms`
    if ((p99 ?? 0) <= SYNC_P99_WARN_MS) return ok(what)
    return warn(what, 'every acknowledgement waits for one: use a faster disk')
  } catch (error) {
    return fail(
      `a file in ${directory} cannot be written: ${messageOf(error)}`,
      adviceOn(error, 'let the user of the gateway own INLET_DATA_DIR, on a disk with space'),
    )
  }
}

/** Appends and syncs again and again; how long each took, in ms, in ascending order. */
function timeSyncs(path: string, clock: Clock): number[] {
  const block = Buffer.alloc(SYNC_BYTES)
  const file = openSync(path, 'wx', 0o600)
  try {
    const times: number[] = []
    const startMs = clock.monotonicMs()
    while (times.length < SYNCS && clock.monotonicMs() - startMs < SYNCS_MS_MAX) {
      const beforeMs = clock.monotonicMs()
      writeSync(file, block)
      fdatasyncSync(file)
      times.push(clock.monotonicMs() - beforeMs)
    }
    return times.toSorted((a, b) => a - b)
  } finally {
    closeSync(file)
    rmSync(path)
  }
}
