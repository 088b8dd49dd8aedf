/**
 * `inlet backup` under load, the gateway killed, and the copy put in its place: everything that was
 * acknowledged before the backup began is in it, and everything after it is taken again, although
 * Redis knows it as stored. Two controls: a copy of the file alone, made with `cp`, must miss
 * events; and a node of another name, which believes Redis, must leave some out.
 */
import { Database } from 'bun:sqlite'
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DATABASE_FILE } from '../../db/open.ts'
import { systemClock } from '../../src/clock.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { startRedis } from '../support/redis-server.ts'
import { makeTempDir } from '../support/temp.ts'
import type { SentEvent } from './ledger.ts'
import { seeded } from './seeded.ts'
import { startSenders } from './senders.ts'
import { send, signedDelivery } from './signed.ts'
import type { Row, TortureOptions } from './torture.ts'

const SECRET = 'made-up-secret-for-torture'
const KEYS = 20
const BEFORE_MS = { min: 200, max: 1_000 }
const AFTER_MS = 300
const DRAIN_MS_MAX = 30_000
const SHORT_CYCLES = 2
const FULL_CYCLES = 50

interface CycleResult {
  readonly acked: number
  /** Acknowledged before the backup began, and not in it. */
  readonly lost: number
  /** Acknowledged later, sent again after the restore, and not taken. */
  readonly suppressed: number
  /** Acknowledged before a `cp` of the file alone began, and not in that. */
  readonly missedByCp: number
  /** The same as `suppressed`, of a node that does not know that the marks are its own. */
  readonly suppressedElsewhere: number
  /** How long the backup took. */
  readonly backupMs: number
  readonly refusedToOverwrite: boolean
}

export async function backup({ command, seed, form, cycles }: TortureOptions): Promise<Row> {
  await using redis = await startRedis()
  const count = cycles ?? (form === 'full' ? FULL_CYCLES : SHORT_CYCLES)
  const results: CycleResult[] = []
  for (let cycle = 0; cycle < count; cycle += 1) {
    results.push(await backUpOnce({ command, seed: seed + cycle, redisUrl: redis.url }))
  }
  const sum = (of: (result: CycleResult) => number) =>
    results.reduce((total, result) => total + of(result), 0)
  const acked = sum((result) => result.acked)
  const suppressed = sum((result) => result.suppressed)
  const lost = sum((result) => result.lost) + suppressed
  const refused = results.every((result) => result.refusedToOverwrite)
  return {
    cases: count,
    acked,
    lost,
    duplicates: 0,
    inversions: 0,
    held: acked > 0 && lost === 0 && refused,
    controlCaught:
      sum((result) => result.missedByCp) > 0 && sum((result) => result.suppressedElsewhere) > 0,
    figures: { suppressed, backupMsMax: Math.max(...results.map((each) => each.backupMs)) },
  }
}

interface Cycle {
  readonly command: readonly string[]
  readonly seed: number
  readonly redisUrl: string
}

async function backUpOnce({ command, seed, redisUrl }: Cycle): Promise<CycleResult> {
  const random = seeded(seed)
  await using directory = await makeTempDir()
  const copy = join(directory.path, 'backup.db')
  const cpCopy = join(directory.path, 'cp.db')
  const database = join(directory.path, 'data', DATABASE_FILE)
  const start = (node: string) =>
    startGateway({
      command,
      cwd: directory.path,
      env: {
        INLET_SINK: 'file',
        REDIS_URL: redisUrl,
        INLET_NODE: node,
        INLET_SOURCES: 'github',
        INLET_SECRET_GITHUB: SECRET,
        INLET_LOG_DELIVERIES: 'false',
      },
    })
  const first = await start(`node-${seed}`)
  const senders = startSenders({ url: () => first.url, secret: SECRET, keys: KEYS })
  const ledger = () => [...senders.ledger.acked]
  await systemClock.sleep(BEFORE_MS.min + (BEFORE_MS.max - BEFORE_MS.min) * random())
  const before = ledger()
  copyFileSync(database, cpCopy)
  const startedMs = systemClock.monotonicMs()
  const codes = [await runBackup(command, directory.path, copy)]
  const backupMs = Math.round(systemClock.monotonicMs() - startedMs)
  codes.push(await runBackup(command, directory.path, copy))
  await systemClock.sleep(AFTER_MS)
  await senders.stop()
  const acked = ledger()
  await first.end('SIGKILL')

  const lost = countMissing(copy, before)
  const missedByCp = countMissing(cpCopy, before)
  async function restore(node: string): Promise<number> {
    for (const ending of ['', '-wal', '-shm']) rmSync(`${database}${ending}`, { force: true })
    copyFileSync(copy, database)
    await using gateway = await start(node)
    await redeliver(gateway, acked)
    await gateway.end('SIGTERM')
    return countMissing(database, acked)
  }
  return {
    acked: acked.length,
    lost,
    suppressed: await restore(`node-${seed}`),
    missedByCp,
    suppressedElsewhere: await restore('another-node'),
    backupMs,
    refusedToOverwrite: codes[0] === 0 && codes[1] !== 0,
  }
}

/** Runs `inlet backup` beside the gateway, and returns its exit code. */
async function runBackup(command: readonly string[], cwd: string, copy: string): Promise<number> {
  const child = Bun.spawn([...command, 'backup', copy], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  return await child.exited
}

/** Sends everything again, as providers and people do after such a day. */
async function redeliver(gateway: GatewayProcess, events: readonly SentEvent[]): Promise<void> {
  await Promise.all(
    Array.from({ length: KEYS }, async (_, lane) => {
      for (let at = lane; at < events.length; at += KEYS) {
        const { id, n } = events[at] ?? { id: '', n: 0 }
        const body = JSON.stringify({ repository: { id: lane }, n, id })
        await send(gateway.url, signedDelivery(SECRET, id, body))
      }
    }),
  )
  await gateway.drained(DRAIN_MS_MAX)
}

/** How many of the events a database does not hold; all where it cannot be read. */
function countMissing(path: string, events: readonly SentEvent[]): number {
  try {
    using client = new Database(path, { readonly: true })
    const rows = client.query<{ event_id: string }, []>('SELECT event_id FROM inbox').all()
    const held = new Set(rows.map((row) => row.event_id))
    return events.filter(({ id }) => !held.has(id)).length
  } catch {
    return events.length
  }
}
