/** Runs one consumer: a life after the other, each a membership of its group. See DESIGN.md. */
import { backoffMs, type Backoff } from '../backoff.ts'
import type { Consumer, FetchedRecord } from '../consumer.ts'
import { newTally, type ConsumerStatus, type Places, type SeekTarget } from '../consumer-status.ts'
import { CONSUMER_ENDS_MS, CONSUMER_OFFSETS_MS } from '../limits/consumers.ts'
import { GatewayError, messageOf, type FaultCode } from '../faults/faults.ts'
import type { StoreAgain } from './again.ts'
import type { ConsumePorts } from './ports.ts'
import { Session } from './session.ts'

/** A life that ended by itself is followed by a pause: one that cannot start must not spin. */
const RESTART: Backoff = { baseMs: 500, maxMs: 5_000 }

/** A consumer that runs: a life after the other. */
export class RunningConsumer {
  readonly #consumer: () => Consumer
  readonly #ports: ConsumePorts
  readonly #tally = newTally()
  #session: Session | undefined
  #state: ConsumerStatus['state'] = 'starting'
  #reason: string | null = null
  #failures = 0
  /** What lives have ended with since it last ran. */
  readonly #faults = new Set<FaultCode | undefined>()
  #isPaused = false
  #isAdopted = false

  /** `consumer` as it is served now; what is not its handlers counts from the next life on. */
  constructor(consumer: () => Consumer, ports: ConsumePorts) {
    this.#consumer = consumer
    this.#ports = ports
  }

  status(): ConsumerStatus {
    const partitions = this.#session?.partitions ?? []
    return {
      state: this.#isPaused && this.#state === 'running' ? 'paused' : this.#state,
      reason: this.#reason,
      tally: { ...this.#tally },
      partitions: partitions.map((each) => ({
        topic: each.topic,
        partition: each.partition,
        position: each.offsets.position(),
        highWatermark: each.highWatermark,
        lag: each.lag,
        unfinished: each.unfinished,
      })),
    }
  }

  /** Begins no more records, and keeps its partitions: what is under way ends. */
  pause(): void {
    this.#isPaused = true
    this.#session?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#session?.resume()
  }

  /** Goes on with what this file has as soon as it begins again, whatever another has read. */
  adopt(): void {
    this.#isAdopted = true
  }

  /** Goes on elsewhere in what it reads, and resolves to in how many partitions. */
  async seek(places: Places, target: SeekTarget): Promise<number> {
    return (await this.#session?.seek(places, target)) ?? 0
  }

  /**
   * Handles a dead letter of a consumer that keeps state: see again.ts.
   *
   * @throws GatewayError CONSUMER_NOT_RUNNING where it does not, or is paused.
   */
  async again<Stored>(
    record: FetchedRecord,
    store: StoreAgain<Stored>,
  ): Promise<Stored | undefined> {
    if (this.#session === undefined || this.#isPaused) {
      throw new GatewayError('CONSUMER_NOT_RUNNING', this.#isPaused ? 'it is paused' : 'it starts')
    }
    return this.#session.again(record, store)
  }

  /** Runs until `signal` aborts: whatever ends it early, it begins anew. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports
    while (!signal.aborted) {
      try {
        await this.#live(signal)
      } catch (error) {
        this.#tally.restarts += 1
        this.#state = 'starting'
        this.#onEnded(error)
        await clock.sleep(backoffMs(RESTART, this.#failures), signal)
      }
    }
    this.#state = 'stopped'
  }

  /** One life: resolves when `signal` aborts, and rejects where it ends by itself. */
  async #live(signal: AbortSignal): Promise<void> {
    const ended = Promise.withResolvers<void>()
    const leaving = new AbortController()
    const { openFeed } = this.#ports
    const feed = await openFeed(this.#consumer())
    if (signal.aborted) return
    const session = new Session(feed, {
      consumer: this.#consumer,
      ports: this.#ports,
      tally: this.#tally,
      isAdopted: () => this.#isAdopted,
      onFailed: ended.reject,
    })
    this.#session = session
    if (this.#isPaused) session.pause()
    const fed = feed.run(session, leaving.signal)
    fed.then(ended.resolve, ended.reject)
    const stop = () => ended.resolve()
    signal.addEventListener('abort', stop, { once: true })
    const telling = this.#tellAgain(session, leaving.signal).catch(ended.reject)
    try {
      await ended.promise
    } finally {
      signal.removeEventListener('abort', stop)
      // Before it leaves the group: Kafka takes offsets from members only.
      await session.stop().catch((error: unknown) => this.#onUntold(error))
      leaving.abort()
      await telling
      await fed.catch(() => undefined)
      this.#session = undefined
    }
  }

  async #tellAgain(session: Session, signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports
    let endsAtMs = clock.monotonicMs()
    for (;;) {
      await clock.sleep(CONSUMER_OFFSETS_MS, signal)
      if (signal.aborted) return
      if (session.partitions.length > 0 && this.#state === 'starting') this.#onRunning(session)
      session.closeIdle()
      await session.tell().catch((error: unknown) => this.#onUntold(error))
      if (clock.monotonicMs() - endsAtMs < CONSUMER_ENDS_MS) continue
      endsAtMs = clock.monotonicMs()
      // Kafka may be away: what was seen last stands.
      await session.lookAtEnds().catch(() => undefined)
    }
  }

  #onRunning(session: Session): void {
    this.#state = 'running'
    this.#reason = null
    this.#failures = 0
    this.#faults.clear()
    this.#isAdopted = false
    const partitions = session.partitions.length
    this.#ports.log.info('consumer.running', { consumer: this.#consumer().name, partitions })
  }

  #onEnded(error: unknown): void {
    const { log } = this.#ports
    this.#failures += 1
    this.#reason = messageOf(error)
    const { code, fault } = error instanceof GatewayError ? error : {}
    const { name } = this.#consumer()
    const { hint } = fault ?? {}
    const fields = { consumer: name, failures: this.#failures, code, reason: this.#reason, hint }
    // Kafka may be away for hours: one line says so, and `consumer.running` that it is back.
    log[this.#faults.has(code) ? 'debug' : 'error']('consumer.ended', fields)
    this.#faults.add(code)
  }

  /** What was not told is told again, or found out at the next start. */
  #onUntold(error: unknown): void {
    const reason = messageOf(error)
    this.#ports.log.warn('consumer.offsets_untold', { consumer: this.#consumer().name, reason })
  }
}
