/**
 * Windows of a consumer that is killed again and again, over input that is out of order, repeated
 * and late: each closes once, with the events that a brute-force oracle says. The control keeps
 * them in memory alone: what a process had gathered goes with it.
 */
import { join } from 'node:path'
import { DATABASE_FILE, openReader } from '../../db/open.ts'
import { partitionOf } from '../../src/kafka/murmur2.ts'
import { oracle } from '../consume/window-oracle.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics } from '../support/topics.ts'
import { produceNumbered, throughKills, type Numbered } from './consume-process.ts'
import { seeded } from './seeded.ts'
import { WINDOWING } from './control/consume-windowing.ts'

const KEYS = 20
const PARTITIONS = 6
const RECORDS_PER_CYCLE = 1_500
/** Event time between two records, in ms. */
const STEP_MS = 2
const KILL_AFTER_MS = { min: 5, max: 150 }

interface Trial {
  readonly brokers: string
  readonly mode: 'windows' | 'windows-in-memory'
  readonly cycles: number
  readonly seed: number
}

interface Outcome {
  readonly records: number
  readonly closed: number
  /** Results that the oracle has and the consumer has not, and the other way round. */
  readonly wrong: number
}

export async function windowsThroughKills({
  brokers,
  mode,
  cycles,
  seed,
}: Trial): Promise<Outcome> {
  const random = seeded(seed)
  const topic = await createTopic({ brokers, prefix: 'torture-windows', partitions: PARTITIONS })
  await using directory = await makeTempDir()
  const numbered = Array.from({ length: cycles * RECORDS_PER_CYCLE }, (_, n) => ({
    n,
    key: String(Math.floor(random() * KEYS)),
    at: Math.max(0, 1_000 + n * STEP_MS + shiftMs(random)),
  }))
  const end = await produceNumbered(brokers, topic, numbered)
  const data = directory.path
  const afterMs = KILL_AFTER_MS
  await throughKills({ brokers, topic, end, mode, data, cycles, afterMs, random })
  await deleteTopics(brokers, [topic])
  const expected = expectedOf(numbered)
  const actual = actualOf(join(data, DATABASE_FILE))
  const closed = actual.filter((text) => text.startsWith('closed')).length
  return { records: numbered.length, closed, wrong: differences(expected, actual) }
}

/** Most are in order, some overtake others, and a few are late. */
function shiftMs(random: () => number): number {
  const kind = random()
  if (kind < 0.7) return 0
  return -Math.floor(random() * (kind < 0.95 ? WINDOWING.outOfOrdernessMs : 500))
}

/** What windows come to, partition by partition. */
function expectedOf(numbered: readonly Required<Numbered>[]): readonly string[] {
  const encoder = new TextEncoder()
  const byPartition = Map.groupBy(numbered, ({ key }) =>
    partitionOf(encoder.encode(key), PARTITIONS),
  )
  return [...byPartition.values()].flatMap((events) => {
    const { closed, corrected, late } = oracle(WINDOWING, events)
    // The oracle knows events by where they stand in its input.
    const real = (text: string) =>
      text.replace(/: (.*)/, (_, ids: string) => {
        const numbers = ids.split(' ').map((id) => events[Number(id)]?.n ?? -1)
        return `: ${numbers.toSorted((a, b) => a - b).join(' ')}`
      })
    return [
      ...closed.map((text) => `closed ${real(text)}`),
      ...corrected.map((text) => `corrected ${real(text)}`),
      ...late.map((id) => `late ${events[id]?.n}`),
    ]
  })
}

function actualOf(path: string): readonly string[] {
  using reader = openReader(path)
  return reader.client
    .query<{ text: string }, []>(
      "SELECT topic || ' ' || json_extract(CAST(value AS TEXT), '$') AS text FROM outbox",
    )
    .all()
    .map(({ text }) => text)
}

function differences(expected: readonly string[], actual: readonly string[]): number {
  const counts = new Map<string, number>()
  for (const text of expected) counts.set(text, (counts.get(text) ?? 0) + 1)
  for (const text of actual) counts.set(text, (counts.get(text) ?? 0) - 1)
  return [...counts.values()].reduce((sum, count) => sum + Math.abs(count), 0)
}
