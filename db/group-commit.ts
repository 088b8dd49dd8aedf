import { GatewayError, messageOf } from '../src/faults/faults.ts'
import { systemClock, type Clock } from '../src/clock.ts'
import { failpoint } from '../src/failpoint.ts'
import { COMMIT_BYTES_MAX, COMMIT_DELIVERIES_MAX, PENDING_BYTES_MAX } from '../src/limits/limits.ts'
import { COMMIT_DELIVERIES_ENOUGH, GATHER_MS_MAX } from '../src/limits/waiting.ts'
import { blameOf } from './failures.ts'
import type { Sync } from './sync.ts'

/** Something to do in a transaction, for somebody who waits. */
export interface Item<Draft> {
  readonly bytes: number
  /** Does it, and returns how to answer once it is on disk. */
  readonly run: (draft: Draft) => () => void
  readonly reject: (error: GatewayError) => void
}

/** A transaction that is committed: what to answer after its sync. */
export interface Applied {
  readonly answers: readonly (() => void)[]
  /** False where it changed nothing, and found only what is on disk already: it needs no sync. */
  readonly changed: boolean
}

export interface GroupCommitPorts<Draft> {
  /** Commits a batch in one transaction. Throws where none of it is committed. */
  readonly apply: (batch: readonly Item<Draft>[]) => Applied
  readonly sync: Sync
  /** Called after each sync, when the answers are out. */
  readonly onSynced: () => void
  /** See `WriterOptions.onFatal`. */
  readonly onFatal: (error: GatewayError) => void
  /** Calls back in the next turn of the event loop. For tests; default: `setImmediate`. */
  readonly nextTurn?: ((callback: () => void) => void) | undefined
  /** How long it has gathered. Default: the machine's. */
  readonly clock?: Pick<Clock, 'monotonicMs'> | undefined
}

/**
 * Requests queue; one transaction takes what has gathered; one sync makes it durable; then all of
 * their answers go out. There is no timer: the next batch is whatever arrived while the last one
 * synced, and an idle one starts at once. Only where more are about to come, because they are read
 * and wait for their turn, it gathers them for GATHER_MS_MAX.
 *
 * It is `idle`, or `busy` from the start of a batch to the end of its sync, or of a hold, and
 * while it gathers. Once it has failed it waits for no sync: what that says counts no more.
 * Batches follow one another, so whatever a transaction finds in the tables is on disk or
 * part of its own batch: the answer to a duplicate waits for the sync of the row that it
 * duplicates without further bookkeeping.
 */
export class GroupCommit<Draft> {
  readonly #ports: GroupCommitPorts<Draft>
  readonly #holds: (() => void)[] = []
  readonly #whenIdle: (() => void)[] = []
  readonly #nextTurn: (callback: () => void) => void
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #isMoreComing: () => boolean = () => false
  #queue: Item<Draft>[] = []
  /** What is committed and not synced yet. */
  #syncing: readonly Item<Draft>[] | undefined
  #pendingBytes = 0
  #isBusy = false
  /** Why nothing is taken any more. */
  #closed: GatewayError | undefined
  /** Why nothing is answered any more. */
  #failed: GatewayError | undefined

  constructor(ports: GroupCommitPorts<Draft>) {
    this.#ports = ports
    this.#nextTurn = ports.nextTurn ?? setImmediate
    this.#clock = ports.clock ?? systemClock
  }

  /** Asks this, while it is busy, whether it is worth waiting for more. */
  gatherWhile(isMoreComing: () => boolean): void {
    this.#isMoreComing = isMoreComing
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /**
   * Resolves with what `run` returned, once that is on disk. Items of 0 bytes are
   * never refused for load.
   */
  submit<T>(bytes: number, run: (draft: Draft) => T): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    if (bytes > 0 && this.#pendingBytes + bytes > PENDING_BYTES_MAX) {
      const detail = `${this.#pendingBytes} bytes wait to be stored`
      return Promise.reject(new GatewayError('OVERLOADED', detail))
    }
    return new Promise((resolve, reject) => {
      this.#pendingBytes += bytes
      this.#queue.push({
        bytes,
        reject,
        run(draft) {
          const result = run(draft)
          return () => resolve(result)
        },
      })
      if (!this.#isBusy) this.#startNext()
    })
  }

  /** Runs `task` between two batches: the next one starts when it has ended. */
  async hold<T>(task: () => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => {
      this.#holds.push(resolve)
      if (!this.#isBusy) this.#startNext()
    })
    try {
      return await task()
    } finally {
      this.#startNext()
    }
  }

  /** Refuses new work, and resolves once what is queued is done. */
  async close(): Promise<void> {
    this.#closed ??= new GatewayError('DRAINING', 'the writer is closed')
    if (this.#isBusy) await new Promise<void>((resolve) => this.#whenIdle.push(resolve))
  }

  /**
   * Rejects everything that waits, and what is being synced: a disk that fails may hang as well.
   * After this nothing is acknowledged by this process.
   */
  fail(error: GatewayError): void {
    if (this.#failed !== undefined) return
    this.#failed = error
    this.#closed = error
    const syncing = this.#syncing
    this.#syncing = undefined
    if (syncing !== undefined) this.#reject(syncing, error)
    this.#reject(this.#queue, error)
    this.#queue = []
    this.#ports.onFatal(error)
    // Whoever holds or closes it does not wait for that sync, either.
    if (syncing !== undefined) this.#startNext()
  }

  /**
   * Starts the next batch when there is enough for it, or no reason to wait any more. Where nothing
   * is gathered it does not look at the clock.
   */
  #gather(untilMs?: number): void {
    const isEnough =
      this.#queue.length >= COMMIT_DELIVERIES_ENOUGH ||
      // No sync is under way, so all of these wait for this batch.
      this.#pendingBytes >= COMMIT_BYTES_MAX ||
      this.#holds.length > 0
    if (isEnough || !this.#isMoreComing()) return this.#startNext()
    const nowMs = this.#clock.monotonicMs()
    const endMs = untilMs ?? nowMs + GATHER_MS_MAX
    if (nowMs >= endMs) return this.#startNext()
    this.#nextTurn(() => this.#gather(endMs))
  }

  /** Starts batches until one has to wait for its sync, or nothing is left. */
  #startNext(): void {
    this.#isBusy = true
    for (;;) {
      const startHold = this.#holds.shift()
      if (startHold !== undefined) return startHold()
      if (this.#queue.length === 0) break
      const batch = this.#takeBatch()
      const applied = this.#tryApply(batch)
      if (applied?.changed === true) {
        this.#syncing = batch
        return this.#ports.sync.run((error) => this.#finishSync(batch, applied, error))
      }
      if (applied !== undefined) this.#answer(batch, applied)
    }
    this.#isBusy = false
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  /** The longest head of the queue that one commit may take; always one item. */
  #takeBatch(): readonly Item<Draft>[] {
    let bytes = 0
    let length = 0
    for (const item of this.#queue) {
      bytes += item.bytes
      if (length > 0 && (bytes > COMMIT_BYTES_MAX || length === COMMIT_DELIVERIES_MAX)) break
      length += 1
    }
    const batch = this.#queue.slice(0, length)
    this.#queue = this.#queue.slice(length)
    return batch
  }

  /** Commits a batch; where that fails, rejects all of it and returns undefined. */
  #tryApply(batch: readonly Item<Draft>[]): Applied | undefined {
    try {
      return this.#ports.apply(batch)
    } catch (cause) {
      failpoint('commit.failed')
      const blame = blameOf(cause)
      const code = blame === 'full' ? 'STORAGE_FULL' : 'STORAGE_FAILED'
      const error = new GatewayError(code, messageOf(cause), { cause })
      this.#reject(batch, error)
      if (blame === 'storage') this.fail(error)
      return undefined
    }
  }

  #finishSync(batch: readonly Item<Draft>[], applied: Applied, cause: Error | null): void {
    // It has failed meanwhile, and went on without this sync.
    if (this.#syncing !== batch) return
    if (cause !== null) {
      return this.fail(new GatewayError('STORAGE_FAILED', `sync: ${messageOf(cause)}`, { cause }))
    }
    this.#syncing = undefined
    failpoint('commit.synced')
    this.#answer(batch, applied)
    this.#ports.onSynced()
    this.#gather()
  }

  #answer(batch: readonly Item<Draft>[], applied: Applied): void {
    this.#release(batch)
    for (const send of applied.answers) send()
  }

  #reject(batch: readonly Item<Draft>[], error: GatewayError): void {
    this.#release(batch)
    for (const item of batch) item.reject(error)
  }

  #release(batch: readonly Item<Draft>[]): void {
    for (const item of batch) this.#pendingBytes -= item.bytes
  }
}
