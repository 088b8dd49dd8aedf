import { unreachable } from '../assert.ts'
import type { Consumer, FetchedRecord, ProcessedRecord } from '../consumer.ts'
import type { ConsumerTally } from '../consumer-status.ts'
import { attempt, fitting, keyOf, type Attempt, type AttemptPorts } from './attempt.ts'
import type { Closing } from './closing.ts'
import type { Committer, Result } from './committer.ts'
import type { Keeping } from './keeping.ts'
import type { Lanes, TaskEnd } from './lanes.ts'
import type { Partition } from './partition.ts'
import type { ConsumePorts } from './ports.ts'
import { toDeadLetter, toProcessed, type GivenUp, type Known } from './processed.ts'
import { pauseMs } from './retry.ts'
import type { Room } from './room.ts'
import { bytesOf, know, laneOf, named, type Work } from './work.ts'

export interface HandlingPorts extends Pick<
  ConsumePorts,
  'clock' | 'log' | 'watchdog' | 'lookFor'
> {
  /** As it is served now. */
  readonly consumer: () => Consumer
  readonly tally: ConsumerTally
  readonly keeping: Keeping
  readonly lanes: Lanes
  readonly room: Room
  readonly committer: Committer
  readonly closing: Closing
  /** What came of a record is on its way to the disk. */
  readonly store: (result: Result) => void
  /** Aborts when the consumer stops. */
  readonly stopping: AbortSignal
}

/** The way of each record: into its lane, through its handler, as often as it takes, to its end. */
export class Handling {
  readonly #ports: HandlingPorts
  readonly #attemptPorts: AttemptPorts

  constructor(ports: HandlingPorts) {
    const { clock, keeping, watchdog, log } = ports
    this.#ports = ports
    this.#attemptPorts = {
      clock,
      keeping,
      watchdog,
      onIgnoredAbort({ consumer: { name }, decoded: { type } }) {
        log.warn('consumer.ignored_abort', { consumer: name, type })
      },
    }
  }

  /** Puts a record behind those of its key. */
  take(partition: Partition, record: FetchedRecord): void {
    const work: Work = {
      partition,
      record,
      entry: partition.offsets.add(record.offset),
      bytes: bytesOf(record),
      consumer: this.#ports.consumer(),
      key: keyOf(record),
      attempts: 0,
      isEnded: false,
      known: undefined,
      notFound: undefined,
    }
    this.#ports.room.take(work)
    this.#ports.lanes.add(
      () => laneOf(work),
      () => this.#turn(work),
    )
    // Nearly always it has: then nothing of it is copied.
    if (!work.isEnded) record.keep?.()
  }

  #turn(work: Work): TaskEnd | Promise<TaskEnd> {
    const { partition, record, consumer, key } = work
    if (partition.signal.aborted) return this.#drop(work)
    const known = (work.known ??= know(work))
    if (work.attempts === 0 && this.#isKnown(work, known.identity)) {
      this.#ports.tally.duplicates += 1
      return this.#pass(work)
    }
    work.attempts += 1
    const { decoded, identity } = known
    const { signal } = partition
    const given = { record, consumer, key, decoded, identity, attempt: work.attempts, signal }
    const result = attempt(given, this.#attemptPorts)
    this.#ports.tally.attempts += 1
    return result instanceof Promise
      ? result.then((late) => this.#conclude(work, late))
      : this.#conclude(work, result)
  }

  #isKnown(work: Work, identity: string): boolean {
    const { committer, lookFor } = this.#ports
    if (committer.isPending(identity)) return true
    work.notFound = lookFor(work.consumer.source, identity)
    return work.notFound === undefined
  }

  #conclude(work: Work, tried: Attempt): TaskEnd | Promise<TaskEnd> {
    if (work.partition.isRevoked) return this.#drop(work)
    const result = fitting(tried, work.consumer, this.#ports.keeping)
    switch (result.kind) {
      case 'passed':
        this.#ports.tally.passed += 1
        return this.#pass(work)
      case 'ran':
        this.#ports.tally.processed += 1
        this.#submit(work, (known, now) =>
          toProcessed(known, { ...result, notFound: work.notFound }, now),
        )
        return this.#ports.closing.afterEvent(work.partition, work.consumer)
      case 'invalid':
        return this.#giveUp(work, { ...result, state: 'invalid', attempts: work.attempts })
      case 'failed':
        return this.#failed(work, result)
      default:
        return unreachable(result)
    }
  }

  #failed(work: Work, result: Extract<Attempt, { kind: 'failed' }>): TaskEnd {
    // It was told to stop: that is no failure of the record, which is fetched again.
    if (this.#ports.stopping.aborted) return this.#drop(work)
    const { consumer } = work
    const { code, detail, errorClass, attempts = work.attempts } = result
    const againInMs = pauseMs(errorClass, attempts, consumer.retry)
    if (againInMs === undefined) return this.#giveUp(work, { ...result, state: 'failed', attempts })
    this.#ports.tally.retries += 1
    const fields = { ...named(work), attempts, code, detail, againInMs }
    this.#ports.log.info('consumer.retry', fields)
    return { againInMs }
  }

  #giveUp(work: Work, why: GivenUp): TaskEnd {
    const { code, detail, attempts, state } = why
    this.#ports.tally.dead += 1
    this.#ports.tally.deadAt = this.#ports.clock.now()
    const fields = { ...named(work), state, code, detail, attempts }
    this.#ports.log.warn('consumer.dead', fields)
    this.#submit(work, (known, now) => toDeadLetter(known, why, now))
    return 'done'
  }

  #submit(work: Work, make: (known: Known, now: number) => ProcessedRecord): void {
    const { partition, entry, bytes } = work
    const known = (work.known ??= know(work))
    const processed = make(known, this.#ports.clock.now())
    work.isEnded = true
    this.#ports.store({ partition, entry, bytes, identity: known.identity, processed })
  }

  #pass(work: Work): TaskEnd {
    work.isEnded = true
    this.#ports.committer.pass(work)
    this.#ports.room.free([work])
    return 'done'
  }

  /** Somebody else has it, or it is fetched again: its position does not move. */
  #drop(work: Work): TaskEnd {
    work.isEnded = true
    this.#ports.room.free([work])
    return 'done'
  }
}
