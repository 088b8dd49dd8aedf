/**
 * A real gateway's life under load, with every change of its disk and every acknowledgement
 * written down in one order: first start, kill, restart, retention, a sync that fails, stop.
 */
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { exitWithin, startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { readDiskLog, signRecord, writeRecord, type DiskRecord } from './disk-log.ts'
import { DiskModel } from './disk-model.ts'
import { bodyOf, startSenders } from './senders.ts'
import type { Shim, ShimFaults } from './shim.ts'

/** The failed sync is one of the first so many of its life. */
const FAILED_SYNC_MAX = 60

/** From a failed sync to the exit: half a second of it is for the senders to let go. */
const END_MS_MAX = 10_000

const SECRET = 'made-up-secret-for-torture'

/** SQLite writes a page at most, or a few. */
const WRITE_BYTES_MAX = 64 * 1024

/** A sync on a real disk takes about so long; it also shows an answer that does not wait for it. */
const SYNC_US = 2_000

/** The sign of an acknowledgement is this and the event's id. */
export const ACKED = 'acked '
/** The sign that everything acknowledged so far is past its retention time. */
export const AGED = 'aged'

/** The files that matter: `-shm` is made anew by whoever opens the database first. */
const WATCHED = /^(data\/inlet(\.lock)?\.db(-wal|-journal)?|data|)$/

const AGE = `
  import { Database } from 'bun:sqlite'
  const database = new Database(process.argv[1])
  database.run("UPDATE meta SET value = value + 8 * 24 * 3600 * 1000 WHERE name = 'lifetime_ms'")
  database.close()`

export interface RecordingOptions {
  readonly command: readonly string[]
  readonly shim: Shim
  /** An empty directory; the log is written beside it. */
  readonly directory: string
  readonly keys: number
  readonly padBytes: number
  readonly random: () => number
  /** How long each of the gateway's lives is under load. */
  readonly loadMs: number
  /** Default: all of them. */
  readonly lives?: readonly Life[]
  /** For a control. */
  readonly lies?: boolean
}

/** What a gateway goes through before its next start. */
export type Life = 'kill' | 'age' | 'failed sync' | 'stop'
const LIVES: readonly Life[] = ['kill', 'age', 'failed sync', 'kill', 'failed sync', 'stop']

export interface Recording {
  readonly records: readonly DiskRecord[]
  /** What was sent, by the id of the event. */
  readonly bodies: ReadonlyMap<string, string>
}

export async function record(options: RecordingOptions): Promise<Recording> {
  const { directory, keys, padBytes, loadMs } = options
  const logPath = `${directory}.log`
  const sign = openSigns(logPath)
  let gateway: GatewayProcess = await start(options, logPath)
  const senders = startSenders({
    url: () => gateway.url,
    secret: SECRET,
    keys,
    padBytes,
    onAcked: ({ id }) => sign(`${ACKED}${id}`),
  })
  const lives = options.lives ?? LIVES
  for (const [index, life] of lives.entries()) {
    // The sync fails in the life before: its death is what follows.
    if (life === 'failed sync') await ended(gateway)
    else await systemClock.sleep(loadMs)
    if (index === lives.length - 1) await senders.stop()
    await gateway.end(life === 'kill' ? 'SIGKILL' : 'SIGTERM')
    if (index === lives.length - 1) break
    if (life === 'kill') noteLastWrite(logPath, directory)
    if (life === 'age') {
      const { exitCode } = Bun.spawnSync(
        [process.execPath, '-e', AGE, join(directory, 'data/inlet.db')],
        { env: options.shim.env(directory, { log: logPath }) },
      )
      if (exitCode !== 0) throw new Error('the database did not age')
      sign(AGED)
    }
    // Early in its life a WAL holds little: most pages of that commit are in it only once.
    const nth = 2 + Math.floor(options.random() ** 2 * FAILED_SYNC_MAX)
    const fail = lives[index + 1] === 'failed sync' ? `fdatasync:5:${nth}:1` : undefined
    gateway = await start(options, logPath, { fail })
  }
  sign.close()
  const records = readRecords(logPath)
  assertComplete(records, directory)
  const bodies = senders.ledger.acked.map((event) => [event.id, bodyOf(event, padBytes)] as const)
  return { records, bodies: new Map(bodies) }
}

function start(options: RecordingOptions, log: string, faults: { fail?: string | undefined } = {}) {
  const { command, directory, shim, lies = false } = options
  const given: ShimFaults = { log, syncUs: SYNC_US, lies }
  return startGateway({
    command,
    cwd: directory,
    env: {
      ...shim.env(directory, faults.fail === undefined ? given : { ...given, fail: faults.fail }),
      INLET_SINK: 'file',
      INLET_SOURCES: 'github',
      INLET_SECRET_GITHUB: SECRET,
      INLET_LOG_DELIVERIES: 'false',
      INLET_RATE_PER_SOURCE: '0',
      INLET_RATE_PER_ADDRESS: '0',
    },
  })
}

/** A gateway whose sync has failed ends by itself, and soon. */
async function ended(gateway: GatewayProcess): Promise<void> {
  if ((await exitWithin(gateway, END_MS_MAX)) !== 'still there') return
  throw new Error(`a failed sync did not end the gateway: ${JSON.stringify(gateway.log)}`)
}

function openSigns(logPath: string) {
  const file = openSync(logPath, 'a', 0o600)
  const sign = (text: string) => void writeSync(file, signRecord(text))
  return Object.assign(sign, { close: () => closeSync(file) })
}

function readRecords(logPath: string): readonly DiskRecord[] {
  return readDiskLog(logPath).filter((entry) => entry.kind === 'sign' || WATCHED.test(entry.path))
}

/** The files as the log has them. */
function recorded(records: readonly DiskRecord[]): ReadonlyMap<string, Uint8Array> {
  const disk = new DiskModel()
  for (const entry of records) if (entry.kind !== 'sync failed') disk.apply(entry)
  return disk.current()
}

/**
 * A kill may come between a write and its note, which is then written here: one for each file, as
 * the WAL is written by one thread and copied into the database by another.
 */
function noteLastWrite(logPath: string, directory: string): void {
  for (const [path, bytes] of recorded(readRecords(logPath))) {
    const file = join(directory, path)
    const now = existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
    if (now.equals(bytes)) continue
    const first = now.findIndex((byte, at) => byte !== bytes[at])
    const last = now.findLastIndex((byte, at) => byte !== bytes[at])
    if (first === -1 || last - first >= WRITE_BYTES_MAX) continue
    const write = { kind: 'write', path, at: first, bytes: now.subarray(first, last + 1) } as const
    appendFileSync(logPath, writeRecord(write))
  }
}

/**
 * The log must explain every byte of the files as they are: nothing reached them by a call that
 * the shim does not see.
 */
function assertComplete(records: readonly DiskRecord[], directory: string): void {
  for (const [path, bytes] of recorded(records)) {
    const file = join(directory, path)
    if (existsSync(file) && readFileSync(file).equals(bytes)) continue
    throw new Error(`${path} is not what was recorded`)
  }
}
