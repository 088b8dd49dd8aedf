/** What the engine rests on, each taken away: a schedule must be found that breaks a promise. */
import type { Landed, PublishRecord } from '../../src/record.ts'
import type { Sabotage } from './node.ts'
import { runSeed, type Run } from './run.ts'

/**
 * Schedules that are tried for one that breaks something. The rarest control shows in 28 of 6,000:
 * of 300 from any seed on a quarter have none, of so many one in ten thousand millions.
 */
const SEEDS_MAX = 5_000

export interface Control {
  readonly what: string
  /** The line of a run that tells of it. */
  readonly finds: RegExp
  readonly sabotage: Sabotage
}

/** The first schedule from `seed` on that breaks what it has to; undefined where none does. */
export function firstBroken({ finds, sabotage }: Control, seed: number): Run | undefined {
  for (let at = 0; at < SEEDS_MAX; at += 1) {
    const run = runSeed(seed + at, sabotage)
    if (run.broken.some((line) => finds.test(line))) return run
  }
  return undefined
}

/** What a publisher answers that has not waited. */
function landedOf(records: readonly PublishRecord[]): Landed[] {
  return [{ topic: 'events', partition: 0, baseOffset: '0', positions: [...records.keys()] }]
}

export const CONTROLS: readonly [Control, ...Control[]] = [
  {
    what: 'an acknowledgement before the sync',
    finds: /acknowledged before|is lost/,
    sabotage: {
      disk: (ports) => ({
        ...ports,
        sync: {
          close() {},
          run(done) {
            done(null)
            ports.sync.run(() => undefined)
          },
        },
      }),
    },
  },
  {
    what: 'Redis as the truth: claimed by somebody is taken for stored',
    finds: /acknowledged before|is lost/,
    sabotage: {
      ingest: (ports) => ({
        ...ports,
        hint: {
          ...ports.hint,
          async claim(source, eventId) {
            const claim = await ports.hint.claim(source, eventId)
            return claim.kind === 'claimed' ? { kind: 'done' } : claim
          },
        },
      }),
    },
  },
  {
    what: 'a relay that marks before Kafka has acknowledged',
    finds: /is lost/,
    sabotage: {
      relay: (ports) => ({
        ...ports,
        publisher: {
          publish(records) {
            void ports.publisher.publish(records).catch(() => undefined)
            return Promise.resolve(landedOf(records))
          },
        },
      }),
    },
  },
  {
    what: 'a relay that goes on with a key whose last record has no outcome yet',
    finds: /is on its topic before/,
    sabotage: {
      relay: (ports) => ({
        ...ports,
        publisher: {
          publish(records) {
            const again = () => void ports.publisher.publish(records).catch(again)
            again()
            return Promise.resolve(landedOf(records))
          },
        },
      }),
    },
  },
  {
    what: 'a relay that forgets its mark when it dies',
    finds: /duplicates after/,
    sabotage: {
      relay: (ports, disk) => ({
        ...ports,
        outbox: { ...ports.outbox, progress: () => 0 },
        mark: (mark) =>
          ports.mark({
            ...mark,
            from: disk.highWater,
            to: Math.max(disk.highWater, mark.to),
          }),
      }),
    },
  },
]
