/** Has a consumer handle ranges of offsets once more, beside the life in which it goes on. */
import type { Clock } from '../clock.ts'
import type { Consumer, OffsetRange } from '../consumer.ts'
import { CONSUMER_IDLE_MS_MIN, CONSUMER_OFFSETS_MS } from '../limits/consumers.ts'
import { RunningConsumer } from './consume.ts'
import { placeKey } from './partition.ts'
import type { ConsumePorts, FeedListener, RecordFeed } from './ports.ts'
import { Silence } from './silence.ts'

export interface RangeOptions {
  /** In a group of its own, so that it knows no record and moves nobody's position. */
  readonly consumer: () => Consumer
  readonly ranges: readonly OffsetRange[]
  readonly ports: ConsumePorts
  /** Resolves when as much may follow as was stored. */
  readonly paced: (stored: number) => Promise<void>
}

/** How far it is. Counts begin with the process. */
export interface RangeProgress {
  /** Offsets that are behind it, of all ranges, whichever process was there. */
  readonly done: number
  /** Records that were given up. */
  readonly failed: number
  /** Records that were published. */
  readonly records: number
  /** Offsets that Kafka has deleted, and those at the end of ranges where it has no record. */
  readonly missing: string | null
}

/** A range, and how far it was read in this life of the consumer. */
interface Reach extends OffsetRange {
  /** The offset behind what of it came. */
  seen: number
  /** Nothing more of it comes: it is at its end once its position is at `seen`. */
  isRead: boolean
  readonly silence: Silence
  /** What Kafka deleted before it was read. */
  readonly lost: OffsetRange[]
}

/** Reads ranges to their end, through crashes: how far it is stands with its group. */
export class RangeReading {
  readonly #options: RangeOptions
  readonly #reaches: ReadonlyMap<string, Reach>
  readonly #running: RunningConsumer
  #failed = 0
  #records = 0

  constructor(options: RangeOptions) {
    const { ranges, ports, consumer } = options
    this.#options = options
    this.#reaches = new Map(
      ranges.map((range) => [
        placeKey(range),
        { ...range, seen: range.from, isRead: false, silence: new Silence(), lost: [] },
      ]),
    )
    this.#running = new RunningConsumer(consumer, {
      ...ports,
      openFeed: async (of) => within(await ports.openFeed(of), this.#reaches, ports.clock),
      commit: (commit) => this.#commit(commit),
    })
  }

  /** Resolves when every range is at its end, and on disk, or once `signal` has aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController()
    const ended = this.#running.run(AbortSignal.any([signal, stop.signal]))
    const { clock } = this.#options.ports
    while (!signal.aborted && !this.#isAtEnd()) await clock.sleep(CONSUMER_OFFSETS_MS, signal)
    stop.abort()
    await ended
  }

  progress(): RangeProgress {
    let done = 0
    const missing: string[] = []
    for (const reach of this.#reaches.values()) {
      const { from, to, seen, isRead, lost } = reach
      const position = this.#positionOf(reach)
      const gone = isRead && seen < to ? [...lost, { from: seen, to }] : lost
      for (const none of gone) missing.push(`${none.from}-${none.to - 1} of ${placeKey(reach)}`)
      done += (isRead && position >= seen ? to : Math.min(position, to)) - from
    }
    return {
      done,
      failed: this.#failed,
      records: this.#records,
      missing: missing.length === 0 ? null : `there is no record at ${missing.join(', ')}`,
    }
  }

  async #commit(commit: Parameters<ConsumePorts['commit']>[0]): Promise<void> {
    await this.#options.ports.commit(commit)
    for (const { event } of commit.processed) {
      if (event === undefined) continue
      this.#records += event.records.length
      if (event.state === 'failed' || event.state === 'invalid') this.#failed += 1
    }
    await this.#options.paced(commit.processed.length)
  }

  /** On disk: what is in memory alone is read again where its life ends. */
  #positionOf({ topic, partition, from }: Reach): number {
    const { consumer, ports } = this.#options
    return ports.position(consumer().group, { topic, partition })?.offset ?? from
  }

  #isAtEnd(): boolean {
    const reaches = [...this.#reaches.values()]
    return reaches.every((reach) => reach.isRead && this.#positionOf(reach) >= reach.seen)
  }
}

/** A feed of the ranges alone. */
function within(feed: RecordFeed, reaches: ReadonlyMap<string, Reach>, clock: Clock): RecordFeed {
  function bound(listener: FeedListener): FeedListener {
    return {
      revoked: (places) => listener.revoked(places),
      assigned(committed) {
        const meant = committed.filter((each) => reaches.has(placeKey(each)))
        return listener.assigned(meant).flatMap(({ start, ...place }) => {
          const reach = reaches.get(placeKey(place))
          if (reach === undefined) return []
          const from = typeof start === 'number' ? Math.max(start, reach.from) : reach.from
          reach.seen = from
          reach.isRead = from >= reach.to
          return reach.isRead ? [] : [{ ...place, start: from }]
        })
      },
      positioned(position) {
        const reach = reaches.get(placeKey(position))
        reach?.silence.end()
        listener.positioned(position)
      },
      sawNothing(fetch) {
        const reach = reaches.get(placeKey(fetch))
        if (reach === undefined) return
        const { next, highWatermark } = fetch
        if (highWatermark <= next) reach.silence.sawEnd(clock.monotonicMs())
        // What was there when it was planned is deleted by now. A minute, because a new leader does
        // not know at once how far its partition is.
        if (reach.silence.ms >= CONSUMER_IDLE_MS_MIN) reach.isRead = true
        listener.sawNothing({ ...fetch, highWatermark: Math.min(highWatermark, reach.to) })
      },
      lost(range) {
        const reach = reaches.get(placeKey(range))
        if (reach === undefined) return
        const gone = { ...range, to: Math.min(range.to, reach.to) }
        if (gone.from >= gone.to) return
        reach.lost.push(gone)
        reach.seen = gone.to
        if (gone.to === reach.to) {
          reach.isRead = true
          feed.pause(range)
        }
        listener.lost(gone)
      },
      async received({ records, next, highWatermark, ...place }) {
        const reach = reaches.get(placeKey(place))
        if (reach === undefined) return
        reach.silence.end()
        const meant = records.filter(({ offset }) => offset < reach.to)
        const end = Math.min(next, reach.to)
        if (end <= reach.seen) return
        reach.seen = end
        if (end === reach.to) {
          reach.isRead = true
          feed.pause(place)
        }
        const high = Math.min(highWatermark, reach.to)
        await listener.received({ ...place, records: meant, next: end, highWatermark: high })
      },
    }
  }
  return {
    run: (listener, signal) => feed.run(bound(listener), signal),
    commit: (positions, metadata) => feed.commit(positions, metadata),
    ends: (places) => feed.ends(places),
    pause: (place) => feed.pause(place),
    resume: (place) => feed.resume(place),
    seek: (starts) => feed.seek(starts),
  }
}
