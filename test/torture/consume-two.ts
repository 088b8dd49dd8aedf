/**
 * Two consumers of one group, each a process with a file of its own, of which one is killed again
 * and again. Where the group divides the partitions they move, and a record may be handled by both;
 * where each declares its own, nothing moves, and each record is handled once in effect.
 */
import { join } from 'node:path'
import { DATABASE_FILE, openReader } from '../../db/open.ts'
import { systemClock } from '../../src/clock.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics } from '../support/topics.ts'
import { produceNumbered, SESSION_MS, startNode, type ConsumeNode } from './consume-process.ts'
import { seeded } from './seeded.ts'

const KEYS = 50
const RECORDS_PER_CYCLE = 600
/** So many of a cycle are handled before one of the nodes is killed. */
const BEFORE_KILL_MAX = 400
const HANDLED_MS_MAX = 60_000
const POLL_MS = 20

interface Trial {
  readonly brokers: string
  readonly cycles: number
  readonly seed: number
  readonly divided: 'by the group' | 'by declaration'
}

interface Outcome {
  readonly records: number
  readonly lost: number
  readonly doubled: number
  readonly inversions: number
}

export async function consumeOnTwoNodes(trial: Trial): Promise<Outcome> {
  const { brokers, cycles, seed, divided } = trial
  const random = seeded(seed)
  const topic = await createTopic({ brokers, prefix: 'torture-two' })
  await using first = await makeTempDir()
  await using second = await makeTempDir()
  const folders = [first.path, second.path]
  const start = (which: number) =>
    startNode({
      PATH: process.env['PATH'] ?? '',
      KAFKA_BROKERS: brokers,
      DATA: folders[which] ?? '',
      TOPIC: topic,
      MODE: 'real',
      SESSION_MS,
      SHARE: divided === 'by declaration' ? `${which + 1}/2` : '',
      END: 'never',
    })
  const nodes: [ConsumeNode, ConsumeNode] = [start(0), start(1)]
  let sent = 0
  try {
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const numbered = Array.from({ length: RECORDS_PER_CYCLE }, (_, index) => {
        const n = sent + index
        return { n, key: String(n % KEYS) }
      })
      await produceNumbered(brokers, topic, numbered)
      await handled(folders, sent + Math.floor(BEFORE_KILL_MAX * random()))
      sent += RECORDS_PER_CYCLE
      const killed = random() < 0.5 ? 0 : 1
      await nodes[killed].end('SIGKILL')
      nodes[killed] = start(killed)
    }
    await handled(folders, sent)
  } finally {
    for (const node of nodes) await node.end('SIGTERM')
  }
  await deleteTopics(brokers, [topic])
  return audit(folders, sent)
}

/** Resolves once so many different records are on disk, on whichever node. */
async function handled(folders: readonly string[], count: number): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + HANDLED_MS_MAX
  while (new Set(folders.flatMap(rowsOf).map(({ n }) => n)).size < count) {
    if (systemClock.monotonicMs() > deadlineMs) return
    await systemClock.sleep(POLL_MS)
  }
}

interface LedgerRow {
  readonly n: number
  readonly key: string
}

function rowsOf(folder: string): readonly LedgerRow[] {
  try {
    using reader = openReader(join(folder, DATABASE_FILE))
    const sql = 'SELECT CAST(CAST(value AS TEXT) AS INTEGER) AS n, key FROM outbox ORDER BY seq'
    return reader.client.query<LedgerRow, []>(sql).all()
  } catch {
    // The node has not made it yet.
    return []
  }
}

/** Of both ledgers: what is in neither, what is there twice, and the order within each. */
function audit(folders: readonly string[], records: number): Outcome {
  const all = folders.map(rowsOf)
  const distinct = new Set(all.flat().map(({ n }) => n))
  const inversions = all.map((rows) => {
    const last = new Map<string, number>()
    return rows.filter(({ n, key }) => {
      const isBehind = n < (last.get(key) ?? -1)
      last.set(key, n)
      return isBehind
    }).length
  })
  return {
    records,
    lost: records - distinct.size,
    doubled: all.flat().length - distinct.size,
    inversions: inversions.reduce((sum, each) => sum + each, 0),
  }
}
