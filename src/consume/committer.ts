import type { Clock } from '../clock.ts'
import type { ConsumeCommit, Consumer, ProcessedRecord } from '../consumer.ts'
import { CONSUMER_COMMIT_EVENTS_MAX, CONSUMER_COMMIT_RECORDS_MAX } from '../limits/consumers.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import { failpoint } from '../failpoint.ts'
import type { Log } from '../log.ts'
import type { Pending } from './offsets.ts'
import type { Partition } from './partition.ts'

/** What came of one record. */
export interface Result {
  readonly partition: Partition
  /** Undefined where it comes of no record: a window has closed. */
  readonly entry: Pending | undefined
  /** What it is counted with while it is in memory. */
  readonly bytes: number
  /** What the record is recognised by until it is on disk; undefined as above. */
  readonly identity: string | undefined
  readonly processed: ProcessedRecord
}

export interface CommitterPorts {
  readonly clock: Clock
  readonly log: Log
  readonly consumer: Pick<Consumer, 'name' | 'source' | 'group' | 'owner'>
  readonly commit: (commit: ConsumeCommit) => Promise<void>
  /** These are on disk. */
  readonly onCommitted: (results: readonly Result[]) => void
  /** The writer takes nothing any more. */
  readonly onFailed: (error: unknown) => void
  /** Aborts when the consumer stops: nothing is waited for any longer. */
  readonly stopping: AbortSignal
}

/** A full disk is looked at again after this time, in ms. */
const RETRY_MS = 1_000

/**
 * One commit at a time, which takes what has gathered while the last one synced. A record is done
 * when its result becomes a part of a commit, and the position that goes with it counts every one
 * of them: so no position ever passes a record whose result is not in the same transaction, or in
 * an earlier one.
 */
export class Committer {
  readonly #ports: CommitterPorts
  /** Partitions whose position may have moved, with nothing else to store. */
  readonly #moved = new Set<Partition>()
  #queue: Result[] = []
  /** The identities of the results in the queue. */
  #queued = new Set<string>()
  /** The identities of the results in the commit under way. */
  #storing = NOTHING
  /** How many results in the queue are events of their own. */
  #events = 0
  #flushes: Flush[] = []
  /** Batches that are being handed over: what comes of them goes along. */
  #gathering = 0
  /** The flushes that the commit under way completes. */
  #completing: readonly Flush[] = []
  #isWorking = false
  /** Why a commit has failed: the position of a later one would pass what was in it. */
  #failure: { readonly error: unknown } | undefined

  constructor(ports: CommitterPorts) {
    this.#ports = ports
  }

  /** In the order in which they ended: that is their order in the outbox. */
  submit(result: Result): void {
    this.#queue.push(result)
    if (isEvent(result)) this.#events += 1
    if (result.identity !== undefined) this.#queued.add(result.identity)
    if (this.#gathering === 0 || this.#isEnough()) this.#start()
  }

  /** What comes of a batch is stored together, unless it is more than a commit takes. */
  async gather(handOver: () => Promise<void>): Promise<void> {
    this.#gathering += 1
    try {
      await handOver()
    } finally {
      this.#gathering -= 1
      if (this.#gathering === 0 && this.#queue.length > 0) this.#start()
    }
  }

  /** Of this record nothing is stored: its position is, with the next commit or flush. */
  pass({ entry, partition }: { readonly entry: Pending; readonly partition: Partition }): void {
    entry.isDone = true
    this.#moved.add(partition)
  }

  /** Its position moves by more than records: it is stored with the next commit or flush. */
  move(partition: Partition): void {
    this.#moved.add(partition)
  }

  /** Whether a record of this identity waits to be on disk. */
  isPending(identity: string): boolean {
    return this.#queued.has(identity) || this.#storing.has(identity)
  }

  /**
   * Stores positions that nothing else has moved along. Resolves once everything that was submitted
   * by now is on disk: where records come without end, that is not the end of work.
   *
   * @throws What a commit has failed with, before or meanwhile.
   */
  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#queue.length > 0 || this.#moved.size > 0) this.#start()
    if (!this.#isWorking) return
    await new Promise<void>((resolve, reject) => {
      this.#flushes.push({ left: this.#queue.length, resolve, reject })
    })
  }

  #isEnough(): boolean {
    return (
      this.#queue.length >= CONSUMER_COMMIT_RECORDS_MAX ||
      this.#events >= CONSUMER_COMMIT_EVENTS_MAX
    )
  }

  #start(): void {
    if (this.#failure !== undefined || this.#isWorking) return
    this.#isWorking = true
    void this.#work()
  }

  /**
   * Never throws. Between its last look at the queue and its end nothing else runs: who submits
   * then would find it at work, and wait for the next commit.
   */
  async #work(): Promise<void> {
    try {
      // What ends in this turn of the event loop goes along.
      await Promise.resolve()
      while (this.#queue.length > 0 || this.#moved.size > 0) await this.#commit()
      for (const { resolve } of this.#flushes.splice(0)) resolve()
    } catch (error) {
      this.#failure = { error }
      this.#ports.onFailed(error)
      for (const { reject } of [...this.#completing, ...this.#flushes.splice(0)]) reject(error)
    } finally {
      this.#isWorking = false
    }
  }

  async #commit(): Promise<void> {
    const { results, positions } = this.#take()
    const { clock, consumer } = this.#ports
    const { group, owner, source } = consumer
    failpoint('consume.handled')
    await this.#store({
      group,
      owner,
      source,
      at: clock.now(),
      processed: results.map(({ processed }) => processed),
      positions: positions.map(({ partition: { topic, partition }, offset }) => ({
        topic,
        partition,
        offset,
      })),
    })
    failpoint('consume.stored')
    this.#storing = NOTHING
    for (const { partition, offset } of positions) partition.synced = offset
    this.#ports.onCommitted(results)
    for (const { resolve } of this.#completing) resolve()
    this.#completing = []
  }

  #take(): Taken {
    const results = this.#takeResults()
    for (const { entry, partition } of results) {
      if (entry === undefined) continue
      entry.isDone = true
      this.#moved.add(partition)
    }
    const positions = [...this.#moved]
      .filter((partition) => !partition.isRevoked)
      .map((partition) => ({ partition, offset: partition.offsets.position() }))
    this.#moved.clear()
    for (const flush of this.#flushes) flush.left -= results.length
    this.#completing = this.#flushes.filter(({ left }) => left <= 0)
    this.#flushes = this.#flushes.filter(({ left }) => left > 0)
    return { results, positions }
  }

  /** The longest head of the queue that one commit takes. */
  #takeResults(): readonly Result[] {
    let events = 0
    let length = 0
    for (const result of this.#queue) {
      if (length === CONSUMER_COMMIT_RECORDS_MAX || events === CONSUMER_COMMIT_EVENTS_MAX) break
      if (isEvent(result)) events += 1
      length += 1
    }
    const results = this.#queue.slice(0, length)
    this.#queue = this.#queue.slice(length)
    this.#events -= events
    // Mostly all of them: nothing is deleted from a set one by one.
    this.#storing = this.#queued
    this.#queued = identitiesOf(this.#queue)
    return results
  }

  /**
   * A full disk is waited out: what is to be stored stays in memory, and fetching ends. A consumer
   * that stops does not wait: its records are fetched again.
   */
  async #store(commit: ConsumeCommit): Promise<void> {
    const { clock, log, consumer, stopping } = this.#ports
    for (;;) {
      try {
        return await this.#ports.commit(commit)
      } catch (error) {
        const isFull = error instanceof GatewayError && error.code === 'STORAGE_FULL'
        if (!isFull || stopping.aborted) throw error
        log.warn('consumer.waits_for_disk', { consumer: consumer.name, reason: messageOf(error) })
        await clock.sleep(RETRY_MS, stopping)
      }
    }
  }
}

const NOTHING: ReadonlySet<string> = new Set()

function identitiesOf(results: readonly Result[]): Set<string> {
  const identities = new Set<string>()
  for (const { identity } of results) if (identity !== undefined) identities.add(identity)
  return identities
}

function isEvent({ processed }: Result): boolean {
  return processed.event !== undefined
}

/** Somebody who waits for all that is in the queue now. */
interface Flush {
  /** How much of that no commit has taken. */
  left: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface Taken {
  readonly results: readonly Result[]
  readonly positions: readonly { readonly partition: Partition; readonly offset: number }[]
}
