import { join } from 'node:path'
import { openDedup, type Dedup } from '../../db/dedup.ts'
import { DATABASE_FILE, openDatabase, type InletDatabase, type Reader } from '../../db/open.ts'
import type { Sync } from '../../db/sync.ts'
import { openWriter, type Writer } from '../../db/writer.ts'
import { manualClock, type ManualClock } from '../support/manual-clock.ts'
import { makeTempDir } from '../support/temp.ts'

export const HOUR_MS = 60 * 60 * 1000
export const DAY_MS = 24 * HOUR_MS
export const RETENTION_MS = 7 * DAY_MS

/**
 * A sync that ends when the test says so: the one thing that a real disk does not
 * let a test decide.
 */
export interface HeldSync extends Sync {
  /** Ends the sync under way, after waiting for one to start. */
  finish(error?: Error): Promise<void>
  readonly isRunning: boolean
}

export function heldSync(): HeldSync {
  let end: ((error: Error | null) => void) | undefined
  return {
    run(done) {
      end = done
    },
    close() {},
    async finish(error) {
      const done = end
      if (done === undefined) throw new Error('no sync is under way')
      end = undefined
      done(error ?? null)
      await settle()
    },
    get isRunning() {
      return end !== undefined
    },
  }
}

/** Lets every promise that can go on do so. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

export interface DbWorld extends AsyncDisposable {
  readonly path: string
  readonly clock: ManualClock
  readonly database: InletDatabase
  readonly dedup: Dedup
  readonly writer: Writer
  /** What `onFatal` was called with. */
  readonly fatal: readonly unknown[]
  /** Closes everything and opens it again, as a restart would. */
  restart(): Promise<void>
}

interface DbWorldOptions {
  readonly sync?: Sync
  /** What the wall clock says first. */
  readonly startMs?: number
  /** Ids of a run. Default: so many that a test never fills one. */
  readonly runIds?: number
}

/** A database in a folder of its own, with its writer. */
export async function openDbWorld(options: DbWorldOptions = {}): Promise<DbWorld> {
  const { startMs, runIds, ...writerOptions } = options
  const dir = await makeTempDir()
  const path = join(dir.path, 'data', DATABASE_FILE)
  const clock = manualClock(startMs)
  const fatal: unknown[] = []

  function open() {
    const database = openDatabase({ path, clock })
    const dedup = openDedup(database, { retentionMs: RETENTION_MS, runIds })
    const onFatal = (error: unknown) => void fatal.push(error)
    return { database, dedup, writer: openWriter({ database, dedup, onFatal, ...writerOptions }) }
  }

  async function close() {
    await opened.writer.close()
    opened.database.close()
  }

  let opened = open()
  return {
    path,
    clock,
    fatal,
    get database() {
      return opened.database
    },
    get dedup() {
      return opened.dedup
    },
    get writer() {
      return opened.writer
    },
    async restart() {
      await close()
      opened = open()
    },
    async [Symbol.asyncDispose]() {
      await close()
      await dir[Symbol.asyncDispose]()
    },
  }
}

/** The ids of what is stored, newest first. */
export function storedIds({ client }: Reader): readonly string[] {
  const rows = client.query<{ id: string }, []>(
    'SELECT event_id AS id FROM inbox ORDER BY seq DESC',
  )
  return rows.all().map(({ id }) => id)
}

/** A body so long that a dozen of them are packed. */
export function paddedBody(id: string): string {
  return JSON.stringify({ id, text: 'a chunk of a page is packed'.repeat(16) })
}

/** What a promise has come to, without waiting for it. */
export async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'kept' | 'broken'> {
  const pending = Symbol('pending')
  try {
    const first = await Promise.race([promise, Promise.resolve(pending)])
    return first === pending ? 'pending' : 'kept'
  } catch {
    return 'broken'
  }
}
