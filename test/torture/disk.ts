/**
 * Disks that fail: an error or a short write at any of the calls that reach the disk, a disk that
 * is full for a while, a small disk filled up and freed, syncs of 200 ms. Nothing is acknowledged
 * that is not stored; a full disk is waited out, any other failure ends the process. The control
 * acknowledges before it stores: it must lose.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from '../../bench/statistics.ts'
import { systemClock } from '../../src/clock.ts'
import { exitWithin, type GatewayProcess } from '../support/gateway-process.ts'
import { mayMount } from '../support/small-disk.ts'
import {
  emptyTally,
  settle,
  startLoad,
  startOn,
  waitUntil,
  type Load,
  type Place,
  type Tally,
} from './faulty-disk.ts'
import { fillDisk } from './full-disk.ts'
import { seeded } from './seeded.ts'
import { buildShim, type Shim } from './shim.ts'
import type { Row, TortureOptions } from './torture.ts'

const EARLY_ACK = [process.execPath, join(import.meta.dir, 'control/early-ack.ts')]
const TEMPORARY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

const EIO = 5
const ENOSPC = 28
const SHORT_WRITE = 0

/** How long the gateway is under load; the fault comes in the first part of it. */
const LOAD_MS = 400
/** A gateway that can promise nothing more lets its senders go, then it ends. */
const END_MS_MAX = 5_000

const SHORT_CASES = 24
const FULL_CASES = 400
const CONTROL_CASES = 3

/**
 * One kind of fault: which call fails, how, up to which of them, and how many in a row. A call to
 * sync is one of some dozens, a write one of hundreds.
 */
interface Kind {
  readonly call: 'pwrite' | 'fsync' | 'fdatasync' | 'ftruncate'
  readonly error: number
  readonly nthMax: number
  readonly count: number
  /** What has to become of a gateway that was serving. */
  readonly fate: 'ends' | 'goes on'
}

const KINDS: readonly Kind[] = [
  { call: 'fdatasync', error: EIO, nthMax: 60, count: 1, fate: 'ends' },
  { call: 'fsync', error: EIO, nthMax: 14, count: 1, fate: 'ends' },
  { call: 'pwrite', error: EIO, nthMax: 600, count: 1, fate: 'ends' },
  { call: 'ftruncate', error: EIO, nthMax: 6, count: 1, fate: 'ends' },
  { call: 'pwrite', error: ENOSPC, nthMax: 600, count: 1, fate: 'goes on' },
  { call: 'pwrite', error: ENOSPC, nthMax: 600, count: 40, fate: 'goes on' },
  { call: 'pwrite', error: SHORT_WRITE, nthMax: 600, count: 1, fate: 'goes on' },
  { call: 'pwrite', error: SHORT_WRITE, nthMax: 600, count: 40, fate: 'goes on' },
]

interface Case extends Place {
  readonly shim: Shim
  readonly tally: Tally
}

export async function disk({ command, cycles, form, seed }: TortureOptions): Promise<Row> {
  const directory = mkdtempSync(join(TEMPORARY, 'inlet-torture-'))
  try {
    const random = seeded(seed)
    const shim = buildShim(directory)
    const run = async (kind: Kind, given: readonly string[], tally: Tally) => {
      const place = join(directory, 'gateway')
      await mkdir(place)
      const nth = 1 + Math.floor(random() * kind.nthMax)
      await injectFault({ ...kind, nth }, { command: given, shim, directory: place, tally })
      rmSync(place, { recursive: true, force: true })
    }
    const tally = emptyTally()
    const cases = cycles ?? (form === 'full' ? FULL_CASES : SHORT_CASES)
    for (let index = 0; index < cases; index += 1) {
      const kind = KINDS[index % KINDS.length]
      if (kind !== undefined) await run(kind, command, tally)
    }
    await slowSyncs({ command, shim, directory: join(directory, 'slow'), tally })
    if (mayMount) {
      await fillDisk('watermark', command, tally)
      await fillDisk('no watermark', command, tally)
    } else {
      console.error('disk: no small disk was filled up, this process may not mount')
    }
    const control = emptyTally()
    for (let index = 0; index < CONTROL_CASES; index += 1) await run(CONTROL, EARLY_ACK, control)
    for (const problem of tally.broken) console.error(problem)
    const { acked, lost, broken, unreached, refusedStarts, ended, wentOn } = tally
    return {
      cases: tally.cases,
      acked,
      lost,
      duplicates: 0,
      inversions: 0,
      held: acked > 0 && lost === 0 && broken.length === 0,
      controlCaught: control.lost > 0,
      figures: { unreached, 'refused starts': refusedStarts, ended, 'went on': wentOn },
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const CONTROL: Kind = { call: 'fdatasync', error: EIO, nthMax: 30, count: 1, fate: 'ends' }

/** One gateway with one fault: what it acknowledged must be there, and it must end or go on. */
async function injectFault(fault: Kind & { readonly nth: number }, given: Case): Promise<void> {
  const { shim, directory, tally } = given
  const { call, error, nth, count } = fault
  const name = `${call}:${error}:${nth}:${count}`
  const hit = join(directory, 'hit')
  let gateway: GatewayProcess
  try {
    gateway = await startOn(given, shim.env(join(directory, 'data'), { fail: name, hit }))
  } catch (failed) {
    if (!existsSync(hit)) throw failed
    tally.cases += 1
    tally.refusedStarts += 1
    return
  }
  const load = startLoad(gateway)
  const code = await exitWithin(gateway, LOAD_MS)
  const isReached = existsSync(hit)
  tally[isReached ? 'cases' : 'unreached'] += 1
  if (isReached && fault.fate === 'ends') await mustEnd(gateway, name, tally)
  else if (code !== 'still there') tally.broken.push(`${name}: ended with ${code}`)
  else if (isReached) await mustGoOn(load, name, tally)
  await settle(name, { gateway, load, directory }, tally)
}

/** It may end a moment later, when its senders are answered; by a signal of its own, null here. */
async function mustEnd(gateway: GatewayProcess, name: string, tally: Tally): Promise<void> {
  const code = await exitWithin(gateway, END_MS_MAX)
  tally.ended += 1
  if (code !== null) tally.broken.push(`${name}: ended with ${code}, not by a signal`)
}

/** Once the fault is over the same process acknowledges again. */
async function mustGoOn(load: Load, name: string, tally: Tally): Promise<void> {
  const before = load.acked.size
  tally.wentOn += 1
  if (await waitUntil(() => load.acked.size > before)) return
  tally.broken.push(`${name}: acknowledges nothing any more`)
}

const SLOW_SYNC_MS = 200
const SLOW_SECONDS = 3
/** SQLite syncs the head of a new WAL, and its directory, within a commit: once each restart. */
const HEALTH_MS_MAX = 5 * SLOW_SYNC_MS

/** A sync of 200 ms: no answer comes earlier, and who asks for its health does not wait for it. */
async function slowSyncs(given: Case): Promise<void> {
  const { shim, directory, tally } = given
  await mkdir(directory)
  tally.cases += 1
  const env = shim.env(join(directory, 'data'), { syncUs: SLOW_SYNC_MS * 1_000 })
  await using gateway = await startOn(given, env)
  const load = startLoad(gateway)
  const healthMs: number[] = []
  const until = systemClock.monotonicMs() + SLOW_SECONDS * 1_000
  while (systemClock.monotonicMs() < until) {
    const askedMs = systemClock.monotonicMs()
    await (await fetch(`${gateway.adminUrl}/healthz`)).text()
    healthMs.push(systemClock.monotonicMs() - askedMs)
    await systemClock.sleep(10)
  }
  await settle('slow syncs', { gateway, load, directory }, tally)
  if (load.fastestMs < SLOW_SYNC_MS) tally.broken.push(`acknowledged after ${load.fastestMs} ms`)
  if (median(healthMs) > SLOW_SYNC_MS / 10) tally.broken.push('the health waits for syncs')
  const slowestMs = Math.max(...healthMs)
  if (slowestMs > HEALTH_MS_MAX) tally.broken.push(`the health took ${slowestMs} ms`)
}
