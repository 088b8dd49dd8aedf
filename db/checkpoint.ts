import { statSync } from 'node:fs'
import { assert } from '../src/assert.ts'
import type { Clock } from '../src/clock.ts'
import { GatewayError } from '../src/faults/faults.ts'
import type { Log } from '../src/log.ts'
import { openNap } from '../src/nap.ts'
import { copyWal, type CheckpointAnswer } from './copy-wal.ts'
import type { InletDatabase } from './open.ts'
import { readNumber } from './pragmas.ts'
import type { Writer } from './writer.ts'

const MIB = 1024 * 1024

/** How often the WAL is looked at while it is written to. Looking takes microseconds. */
const POLL_MS = 50

/** How often it is looked at otherwise: a commit wakes who looks, a slice of retention does not. */
const IDLE_POLL_MS = 10_000

/**
 * This much that is not yet in the database file is worth a checkpoint. Commits wait for the disk
 * behind it: with 10 MiB at a time a sync took up to 10 ms.
 */
const COPY_BYTES = MIB

/**
 * The last stretch of a WAL, while commits are held back, is copied here where it is short and the
 * last sync took no longer than this: 1 to 3 ms of the event loop, where the way to the thread and
 * back took 15 to 25 under load.
 */
const COPY_HERE_BYTES = MIB
const COPY_HERE_SYNC_MS = 2

/**
 * A WAL of this size is brought to its end, so that the next commit starts it over. 32 MiB: p99 42
 * ms; 128 MiB: 55 ms.
 */
const RESTART_BYTES = 32 * MIB

/** A WAL file that has grown to this size, because somebody read for long, is given back. */
const TRUNCATE_BYTES = 256 * MIB

export interface CheckpointRequest {
  readonly path: string
}

export interface CheckpointerOptions {
  readonly database: InletDatabase
  /** Told when a checkpoint cannot write or sync: that must not be tried again here. */
  readonly writer: Pick<Writer, 'hold' | 'fail' | 'onSynced'>
  readonly clock: Clock
  readonly log: Log
  /** How long the last sync of a commit took, in ms. Default: too long to copy anything here. */
  readonly syncMs?: () => number
  /** For tests that measure without the thread. Default: db/checkpoint-worker.ts. */
  readonly copy?: Copy
}

/** Copies what it can of the WAL into the database file, while others write. */
export interface Copy {
  run(): Promise<CheckpointAnswer>
  close(): void
}

export interface Checkpointer {
  /** Looks at the files once, and does what the size of the WAL asks for. */
  runOnce(): Promise<void>
  /** Looks at it until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
  close(): void
}

/**
 * Keeps the WAL bounded. Copying goes on beside the commits, but a WAL that is never idle never
 * starts over: there is always a commit behind the last copied frame. So above `RESTART_BYTES`
 * the writer holds the next commit for the last, short stretch. The event loop waits for that at
 * most, and only on a disk that is quick.
 */
export function openCheckpointer(options: CheckpointerOptions): Checkpointer {
  const { database, writer, clock, log } = options
  const { copy = startCopying(database.path), syncMs = () => Infinity } = options
  const walState = openWalState(database)
  const files = [database.path, `${database.path}-wal`].map(watchFile)

  function fail(detail: string): void {
    writer.fail(new GatewayError('STORAGE_FAILED', detail))
  }

  function isQuick(): boolean {
    return walState().uncopiedBytes <= COPY_HERE_BYTES && syncMs() <= COPY_HERE_SYNC_MS
  }

  function settle(answer: CheckpointAnswer): void {
    if (answer.kind === 'done') return
    const { blame, message } = answer
    log.error('checkpoint.failed', { blame, message })
    // What the failed sync dropped is still in the WAL; only a start reads it all again.
    if (blame === 'storage') fail(message)
  }

  /** Says whether more may be copied: not where this has failed, or anything else meanwhile. */
  async function copyMore(isHere: boolean): Promise<boolean> {
    if (database.isTrusted) settle(isHere ? copyWal(database.client) : await copy.run())
    return database.isTrusted
  }

  function truncate(): void {
    const answer = copyWal(database.client, 'TRUNCATE')
    settle(answer)
    if (answer.kind === 'done') {
      log.info('checkpoint.truncated', { walBytes: sizeOf(database.path) })
    }
  }

  async function runOnce(): Promise<void> {
    if (!database.isTrusted) return
    const missing = files.find((file) => !file.isInPlace())
    if (missing !== undefined) {
      return fail(`${missing.path} was removed or replaced while it was in use`)
    }
    if (walState().uncopiedBytes >= COPY_BYTES && !(await copyMore(false))) return
    const { bytes, uncopiedBytes } = walState()
    const startsOverByItself = uncopiedBytes === 0 && sizeOf(database.path) < TRUNCATE_BYTES
    if (bytes < RESTART_BYTES || startsOverByItself) return
    const startedMs = clock.monotonicMs()
    await writer.hold(async () => {
      if (!(await copyMore(isQuick()))) return
      if (walState().uncopiedBytes === 0 && sizeOf(database.path) >= TRUNCATE_BYTES) truncate()
    })
    log.debug('checkpoint.restarted', { heldMs: Math.round(clock.monotonicMs() - startedMs) })
  }

  return {
    runOnce,
    async run(signal) {
      const nap = openNap(clock)
      let isIdle = false
      writer.onSynced(() => isIdle && nap.wake())
      for (let seenBytes = 0; !signal.aborted;) {
        await runOnce()
        const { bytes } = walState()
        isIdle = bytes === seenBytes
        await nap.sleep(isIdle ? IDLE_POLL_MS : POLL_MS, signal)
        seenBytes = bytes
      }
    },
    close() {
      // Bun closes the connections of a thread that it ends, and copies the whole WAL then: where
      // that must not be copied any more, the thread is left to the signal that ends the process.
      if (database.isTrusted) copy.close()
    },
  }
}

/** How much the WAL holds, and how much of that the database file does not have yet. */
function openWalState({ client }: InletDatabase) {
  const look = client.prepare<{ log: number; checkpointed: number }, []>(
    'PRAGMA wal_checkpoint(NOOP)',
  )
  const pageBytes = readNumber(client, 'page_size')
  return () => {
    const row = look.get()
    assert(row !== null, 'a checkpoint reports')
    return {
      bytes: row.log * pageBytes,
      uncopiedBytes: (row.log - row.checkpointed) * pageBytes,
    }
  }
}

/**
 * SQLite goes on writing to a file that was removed, and all of it is gone with the process. Both
 * files stay the same while a connection is open: SQLite removes a WAL with the last one, and only
 * shortens it before. They are never opened here: see db/sync.ts.
 */
function watchFile(path: string) {
  const identity = () => {
    const file = statSync(path, { bigint: true, throwIfNoEntry: false })
    return file === undefined ? 'missing' : `${file.dev}:${file.ino}`
  }
  const opened = identity()
  assert(opened !== 'missing', 'the files are there while the database is open')
  return { path, isInPlace: () => identity() === opened }
}

function sizeOf(path: string): number {
  return statSync(`${path}-wal`).size
}

/** The thread starts with the first copy: long after the gateway itself. */
function startCopying(path: string): Copy {
  let worker: Worker | undefined
  let answer: (answer: CheckpointAnswer) => void = () => undefined
  let death: CheckpointAnswer | undefined

  function start(): Worker {
    const started = new Worker(new URL('./checkpoint-worker.ts', import.meta.url).href)
    started.unref()
    started.addEventListener('message', ({ data }: MessageEvent<CheckpointAnswer>) => answer(data))
    // A thread that dies, or never starts, answers nothing more: better to start over than to
    // let the WAL grow.
    started.addEventListener('error', ({ message }) => {
      death = { kind: 'failed', blame: 'storage', message }
      answer(death)
    })
    return started
  }

  return {
    run() {
      if (death !== undefined) return Promise.resolve(death)
      const { promise, resolve } = Promise.withResolvers<CheckpointAnswer>()
      answer = resolve
      worker ??= start()
      worker.postMessage({ path } satisfies CheckpointRequest)
      return promise
    },
    close() {
      worker?.terminate()
      answer({ kind: 'done' })
    },
  }
}
