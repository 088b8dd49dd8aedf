import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Landed, PublishRecord } from '../../src/record.ts'
import { shrink } from './choices.ts'
import type { Sabotage } from './node.ts'
import { runList, runSeed, type Run } from './run.ts'

const SEEDS = 2_000
const CONTROL_SEEDS = 300

/** Schedules that once broke a promise, and what they found. They are run first. */
const FOUND: readonly { readonly seed: number; readonly what: string }[] = []

/** The first schedule that breaks this promise; undefined where none does. */
function firstBroken(sabotage: Sabotage, promise: RegExp): Run | undefined {
  for (const seed of count(CONTROL_SEEDS)) {
    const run = runSeed(seed, sabotage)
    if (run.broken.some((line) => promise.test(line))) return run
  }
  return undefined
}

/** The shortest schedule that breaks the same promise, step by step. */
function shortest(failed: Run, sabotage: Sabotage): Run {
  const promise = promiseOf(failed)
  const list = shrink(failed.made, (each) => promiseOf(runList(each, sabotage)) === promise)
  return runList(list, sabotage)
}

/** Which promise is broken, without the names of the events. */
function promiseOf(run: Run): string {
  return (run.broken[0] ?? '').replaceAll(/\b[abc]?\d+\b/g, '_')
}

/** Decisions that are not the harmless one. */
function decisions(run: Run): number {
  return run.made.filter((choice) => choice !== 0).length
}

function report(run: Run): string {
  return [...run.broken, 'the shortest schedule:', ...run.trace].join('\n')
}

/** What a publisher answers that has not waited. */
function landedOf(records: readonly PublishRecord[]): Landed[] {
  return [{ topic: 'events', partition: 0, baseOffset: '0', positions: [...records.keys()] }]
}

function count(to: number): number[] {
  return Array.from({ length: to }, (_, at) => at + 1)
}

setDefaultTimeout(30_000)

test('whatever fails, dies and is late, in whatever order: nothing acknowledged is lost', () => {
  let faults = 0
  for (const seed of [...FOUND.map((each) => each.seed), ...count(SEEDS)]) {
    const run = runSeed(seed)
    faults += run.faults
    if (run.broken.length > 0) expect(`seed ${seed}: ${report(shortest(run, {}))}`).toBe('held')
  }
  // Without faults the above would prove nothing.
  expect(faults).toBeGreaterThan(SEEDS * 3)
})

type Control = readonly [what: string, finds: RegExp, sabotage: Sabotage]

const CONTROLS: readonly [Control, ...Control[]] = [
  [
    'an acknowledgement before the sync',
    /acknowledged before|is lost/,
    {
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
  ],
  [
    'Redis as the truth: claimed by somebody is taken for stored',
    /acknowledged before|is lost/,
    {
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
  ],
  [
    'a relay that marks before Kafka has acknowledged',
    /is lost/,
    {
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
  ],
  [
    'a relay that goes on with a key whose last record has no outcome yet',
    /is on its topic before/,
    {
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
  ],
  [
    'a relay that forgets its mark when it dies',
    /duplicates after/,
    {
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
  ],
]

describe('controls: the same schedules with one guard off', () => {
  for (const [what, finds, sabotage] of CONTROLS) {
    test(what, () => {
      expect(firstBroken(sabotage, finds)).toBeDefined()
    })
  }
})

test('a schedule that fails is cut down to the few decisions that matter', () => {
  const [, finds, sabotage] = CONTROLS[0]
  const failed = firstBroken(sabotage, finds)
  if (failed === undefined) throw new Error('the control was not caught')
  const cut = shortest(failed, sabotage)
  expect(promiseOf(cut)).toBe(promiseOf(failed))
  expect(decisions(cut)).toBeLessThanOrEqual(3)
  expect(decisions(failed)).toBeGreaterThan(30)
})
