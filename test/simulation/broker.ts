import { GatewayError } from '../../src/faults/faults.ts'
import type { Landed, PublishRecord } from '../../src/record.ts'
import type { Publisher } from '../../src/relay/ports.ts'
import type { Faults } from './faults.ts'
import type { Mortal, Scheduler } from './scheduler.ts'

const PARTITIONS = 2

/** What one send meets; a broker does all of it, but not on demand. */
const FAULTS = ['unreachable', 'answer lost', 'partly', 'late'] as const

/** A Kafka in memory. What has reached it stays, and arrives, whoever sent it may have died. */
export class Broker {
  /** The event ids on each partition. */
  readonly logs: string[][] = Array.from({ length: PARTITIONS }, () => [])
  readonly #scheduler: Scheduler
  readonly #faults: Faults

  constructor(scheduler: Scheduler, faults: Faults) {
    this.#scheduler = scheduler
    this.#faults = faults
  }

  publisherFor(sender: Mortal): Publisher {
    return {
      publish: (records) =>
        new Promise((resolve, reject) => {
          const answer = (what: string, run: () => void) => this.#scheduler.later(what, sender, run)
          // The world's, not the sender's: what is on the wire arrives.
          this.#scheduler.later(`${records.length} records arrive`, undefined, () => {
            const fault = this.#faults.pick(6, FAULTS)
            if (fault === undefined) {
              const landed = this.#land(records)
              answer('acknowledged', () => resolve(landed))
              return
            }
            if (fault === 'answer lost') this.#land(records)
            if (fault === 'partly') this.#land(records, 1)
            if (fault === 'late') {
              this.#scheduler.timer('late records land', undefined, () => this.#land(records))
            }
            answer(`no answer: ${fault}`, () =>
              reject(new GatewayError('BROKER_UNAVAILABLE', fault)),
            )
          })
        }),
    }
  }

  /** Appends to each partition all of its records. */
  #land(records: readonly PublishRecord[], partitionsMax = PARTITIONS): Landed[] {
    const groups = Map.groupBy(records.keys(), (position) => partitionOf(records[position]))
    return [...groups].slice(0, partitionsMax).map(([partition, positions]) => {
      const log = this.logs[partition] ?? []
      const baseOffset = String(log.length)
      log.push(...positions.map((position) => records[position]?.headers['ce_id'] ?? ''))
      return { topic: 'events', partition, baseOffset, positions }
    })
  }
}

function partitionOf(record: PublishRecord | undefined): number {
  return (record?.key.charCodeAt(0) ?? 0) % PARTITIONS
}
