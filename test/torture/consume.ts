/**
 * A consumer that is killed again and again while it works through a topic with repetitions: what
 * its handler makes of each record must be on disk once, in the order of its key; its windows must
 * be those of an oracle; of two nodes each must take over what is the other's, or keep its own.
 * The controls tell where they are before they have done anything, which must lose, know no record
 * again, which must double, and keep windows in memory alone, which must come out wrong.
 */
import { join } from 'node:path'
import { DATABASE_FILE, openReader } from '../../db/open.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics } from '../support/topics.ts'
import { produceNumbered, throughKills } from './consume-process.ts'
import { consumeOnTwoNodes } from './consume-two.ts'
import { windowsThroughKills } from './consume-windows.ts'
import { seeded } from './seeded.ts'
import type { Row, TortureOptions } from './torture.ts'

const KEYS = 50
const RECORDS_PER_CYCLE = 600
/** The records of a cycle take 180 ms: every kill comes in the middle of them. */
const KILL_AFTER_MS = { min: 5, max: 100 }
const SHORT_CYCLES = 3
const FULL_CYCLES = 200
const CONTROL_CYCLES = 1
/** A cycle of two nodes takes as long as several of one. */
const NODE_CYCLES_PER = 8

interface Trial {
  readonly brokers: string
  readonly mode: 'real' | 'offsets-first' | 'no-dedup'
  readonly cycles: number
  readonly seed: number
}

interface Outcome {
  readonly records: number
  readonly lost: number
  readonly doubled: number
  readonly inversions: number
}

export async function consume(options: TortureOptions): Promise<Row> {
  const { seed, form } = options
  const brokers = await options.brokers()
  const cycles = options.cycles ?? (form === 'full' ? FULL_CYCLES : SHORT_CYCLES)
  const common = { brokers, seed, cycles: CONTROL_CYCLES }
  const [real, early, forgetful] = await Promise.all([
    consumeThroughKills({ ...common, mode: 'real', cycles }),
    consumeThroughKills({ ...common, mode: 'offsets-first' }),
    consumeThroughKills({ ...common, mode: 'no-dedup' }),
  ])
  const [windows, inMemory] = await Promise.all([
    windowsThroughKills({ ...common, mode: 'windows', cycles }),
    windowsThroughKills({ ...common, mode: 'windows-in-memory' }),
  ])
  const nodes = { brokers, seed, cycles: Math.ceil(cycles / NODE_CYCLES_PER) }
  const group = await consumeOnTwoNodes({ ...nodes, divided: 'by the group' })
  const declared = await consumeOnTwoNodes({ ...nodes, divided: 'by declaration' })
  const lost = real.lost + group.lost + declared.lost
  const doubled = real.doubled + declared.doubled
  const inversions = real.inversions + declared.inversions
  return {
    cases: 2 * cycles + 2 * nodes.cycles,
    acked: real.records + windows.records + group.records + declared.records,
    lost,
    duplicates: doubled,
    inversions,
    held: lost + doubled + inversions + windows.wrong === 0,
    controlCaught: early.lost > 0 && forgetful.doubled > 0 && inMemory.wrong > 0,
    figures: {
      'lost, offsets first': early.lost,
      'doubled, no dedup': forgetful.doubled,
      'windows closed': windows.closed,
      'wrong windows': windows.wrong,
      'wrong windows, kept in memory': inMemory.wrong,
      'handled twice by a group that moves': group.doubled,
    },
  }
}

async function consumeThroughKills({ brokers, mode, cycles, seed }: Trial): Promise<Outcome> {
  const random = seeded(seed)
  const topic = await createTopic({ brokers, prefix: 'torture-consume' })
  await using directory = await makeTempDir()
  const records = cycles * RECORDS_PER_CYCLE
  const numbered = Array.from({ length: records }, (_, n) => ({ n, key: String(n % KEYS) }))
  const end = await produceNumbered(brokers, topic, numbered)
  const data = directory.path
  const afterMs = KILL_AFTER_MS
  await throughKills({ brokers, topic, end, mode, data, cycles, afterMs, random })
  await deleteTopics(brokers, [topic])
  return auditLedger(join(data, DATABASE_FILE), records)
}

/** What the outbox has of each record: once, and of each key in the order of the topic. */
function auditLedger(path: string, records: number): Outcome {
  using reader = openReader(path)
  const rows = reader.client
    .query<{ n: number; key: string }, []>(
      'SELECT CAST(CAST(value AS TEXT) AS INTEGER) AS n, key FROM outbox ORDER BY seq',
    )
    .all()
  const seen = new Set<number>()
  const last = new Map<string, number>()
  let inversions = 0
  for (const { n, key } of rows) {
    if (seen.has(n)) continue
    seen.add(n)
    if (n < (last.get(key) ?? -1)) inversions += 1
    last.set(key, n)
  }
  const doubled = rows.length - seen.size
  return { records, lost: records - seen.size, doubled, inversions }
}
