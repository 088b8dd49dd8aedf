/**
 * More than the write-ahead log may hold, written without a pause: it starts over
 * again and again, and stays within its bound, and the database takes what it has to. The control
 * keeps every checkpoint from starting it over, by a reader that never ends: it must be seen to
 * grow beyond the bound.
 */
import { Database } from 'bun:sqlite'
import { join } from 'node:path'
import { DATABASE_FILE } from '../../db/open.ts'
import { systemClock } from '../../src/clock.ts'
import { makeTempDir } from '../support/temp.ts'
import { emptyTally, settle, startLoad, startOn } from './faulty-disk.ts'
import type { Row, TortureOptions } from './torture.ts'
import { watch } from './vital-signs.ts'

const MIB = 1024 * 1024
/** It starts over at 32 MiB; what is committed while the rest is copied comes on top. */
const WAL_MIB_MAX = 128
const BODY_BYTES = 500_000
const WRITTEN_MIB = { full: 4_096, short: 256 }
const WATCH_MS = 20
/** Far below what any disk writes. */
const WRITE_MS_MAX = 10 * 60_000

export async function wal({ command, cycles, form }: TortureOptions): Promise<Row> {
  const writtenMib = cycles ?? WRITTEN_MIB[form]
  const result = await write({ command, writtenMib })
  const control = await write({ command, writtenMib: WRITTEN_MIB.short, keepsReading: true })
  const { acked, lost, broken, walMibMax, databaseMib } = result
  for (const problem of broken) console.error(problem)
  return {
    cases: 1,
    acked,
    lost,
    duplicates: 0,
    inversions: 0,
    held: acked > 0 && lost === 0 && broken.length === 0 && walMibMax <= WAL_MIB_MAX,
    controlCaught: control.walMibMax > WAL_MIB_MAX,
    figures: { walMibMax, databaseMib, 'walMibMax of the control': control.walMibMax },
  }
}

interface Trial extends Pick<TortureOptions, 'command'> {
  readonly writtenMib: number
  readonly keepsReading?: boolean
}

async function write({ command, writtenMib, keepsReading = false }: Trial) {
  await using directory = await makeTempDir()
  const place = { command, directory: directory.path }
  const gateway = await startOn(place, {})
  const databasePath = join(directory.path, 'data', DATABASE_FILE)
  const over = new AbortController()
  const watching = watch({ pid: gateway.pid, databasePath, everyMs: WATCH_MS }, over.signal)
  const reader = keepsReading ? openReading(databasePath) : undefined
  const load = startLoad(gateway, BODY_BYTES)
  const events = Math.ceil((writtenMib * MIB) / BODY_BYTES)
  const deadlineMs = systemClock.monotonicMs() + WRITE_MS_MAX
  while (load.acked.size < events) {
    if (systemClock.monotonicMs() > deadlineMs) throw new Error('the disk is too slow')
    await systemClock.sleep(WATCH_MS)
  }
  over.abort()
  const seen = await watching
  reader?.close()
  const tally = emptyTally()
  await settle('the log', { gateway, load, directory: directory.path }, tally)
  const maxOf = (values: readonly number[]) => Math.round(Math.max(...values))
  return {
    ...tally,
    walMibMax: maxOf(seen.map(({ walMib }) => walMib)),
    databaseMib: maxOf(seen.map((each) => each.databaseMib)),
  }
}

/** Reads one state for as long as it is open, as a forgotten shell does. */
function openReading(path: string): Database {
  const client = new Database(path, { readonly: true })
  client.run('BEGIN')
  client.query('SELECT count(*) FROM inbox').get()
  return client
}
