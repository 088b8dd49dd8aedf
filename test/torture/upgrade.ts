/**
 * The database that the first gateway left behind, killed with entries in flight, is started by
 * two gateways of today at once: one migrates and owns it, the other is refused. In every third
 * case a start is killed after its migration, in every third at random. The control lacks the
 * write-ahead log of the fixture: what was in flight must be missed.
 */
import { Database } from 'bun:sqlite'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DATABASE_FILE } from '../../db/open.ts'
import { MIGRATIONS } from '../../db/migrate.ts'
import { systemClock } from '../../src/clock.ts'
import { messageOf } from '../../src/faults/faults.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { makeTempDir } from '../support/temp.ts'
import { readFileTopic } from './file-topic.ts'
import { audit, type Audit, type SentEvent } from './ledger.ts'
import { seeded } from './seeded.ts'
import { send, signedDelivery } from './signed.ts'
import type { Row, TortureOptions } from './torture.ts'

/** See fixtures/README.md. */
const FIXTURE = join(import.meta.dir, 'fixtures/first-schema')
const SECRET = 'made-up-secret-for-torture'
const TOPIC = 'upgraded'
const KEYS = 5
const PUBLISHED = 20
const SENT = 40

const KILL_AFTER_MS_MAX = 150
const DRAIN_MS_MAX = 30_000
const SHORT_CYCLES = 3
const FULL_CYCLES = 60

export async function upgrade({ command, seed, form, cycles }: TortureOptions): Promise<Row> {
  const count = cycles ?? (form === 'full' ? FULL_CYCLES : SHORT_CYCLES)
  const sum = { acked: 0, lost: 0, duplicates: 0, inversions: 0 }
  let problems = 0
  for (let cycle = 0; cycle < count; cycle += 1) {
    const random = seeded(seed + cycle)
    const result = await upgradeOnce({ command, random, crash: CRASHES[cycle % 3], hasWal: true })
    for (const name of ['acked', 'lost', 'duplicates', 'inversions'] as const) {
      sum[name] += result[name]
    }
    for (const problem of result.problems) console.error(`upgrade, cycle ${cycle}: ${problem}`)
    problems += result.problems.length
  }
  const random = seeded(seed)
  const control = await upgradeOnce({ command, random, crash: undefined, hasWal: false })
  // A start that is killed may have published its first batch.
  const mayRepeat = count * KEYS * (SENT - PUBLISHED)
  const held =
    problems === 0 &&
    sum.acked > 0 &&
    sum.lost === 0 &&
    sum.inversions === 0 &&
    sum.duplicates <= mayRepeat
  return { cases: count, ...sum, held, controlCaught: control.lost > 0, figures: { problems } }
}

const CRASHES = [undefined, 'migrated', 'at random'] as const

interface Case {
  readonly command: readonly string[]
  readonly random: () => number
  readonly crash: (typeof CRASHES)[number]
  readonly hasWal: boolean
}

async function upgradeOnce(each: Case): Promise<Audit & { readonly problems: readonly string[] }> {
  await using directory = await makeTempDir()
  const dataDir = join(directory.path, 'data')
  mkdirSync(dataDir, { mode: 0o700 })
  for (const file of each.hasWal ? [DATABASE_FILE, `${DATABASE_FILE}-wal`] : [DATABASE_FILE]) {
    writeFileSync(join(dataDir, file), Bun.gunzipSync(readFileSync(join(FIXTURE, `${file}.gz`))))
  }
  const start = (failpoint?: string) =>
    startGateway({
      command: each.command,
      cwd: directory.path,
      env: {
        INLET_SINK: 'file',
        INLET_SOURCES: 'github',
        INLET_SECRET_GITHUB: SECRET,
        INLET_TOPIC_GITHUB: TOPIC,
        ...(failpoint === undefined ? {} : { INLET_FAILPOINT: failpoint }),
      },
    })
  await crashFirst(each, start)

  const problems: string[] = []
  const starts = await Promise.allSettled([start(), start()])
  const gateways = starts.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const refusals = starts.flatMap((one) =>
    one.status === 'rejected' ? [messageOf(one.reason)] : [],
  )
  if (!refusals.some((why) => why.includes('owns this data directory'))) {
    problems.push(`of two starts ${gateways.length} came up: ${refusals.join()}`)
  }
  const [gateway] = gateways
  let found: Audit = { acked: 0, lost: 0, duplicates: 0, inversions: 0 }
  if (gateway !== undefined) {
    try {
      await gateway.drained(DRAIN_MS_MAX)
      found = audit({ acked: eventsFrom(PUBLISHED) }, readFileTopic(dataDir, TOPIC))
      problems.push(...(await askAgain(gateway)))
    } finally {
      await gateway.end('SIGTERM')
    }
  }
  problems.push(...checkMigrations(join(dataDir, DATABASE_FILE)))
  return { ...found, problems }
}

async function crashFirst(
  { crash, random }: Case,
  start: (failpoint?: string) => Promise<GatewayProcess>,
): Promise<void> {
  if (crash === undefined) return
  const afterMs = Math.floor(random() * KILL_AFTER_MS_MAX)
  const place =
    crash === 'migrated' ? 'open.migrated:1:SIGKILL:0' : `open.migrated:1:SIGKILL:${afterMs}`
  const gateway = await start(place).catch(() => undefined)
  await systemClock.sleep(KILL_AFTER_MS_MAX)
  await gateway?.end('SIGKILL')
}

/** What was stored before the upgrade is a duplicate after it, and something new is not. */
async function askAgain(gateway: GatewayProcess): Promise<string[]> {
  const problems: string[] = []
  for (const { id, key, n } of eventsFrom(0)) {
    const body = JSON.stringify({ repository: { id: Number(key) }, n, id })
    const status = await send(gateway.url, signedDelivery(SECRET, id, body))
    if (status !== 200) problems.push(`${id} was answered ${status}`)
  }
  const status = await send(gateway.url, signedDelivery(SECRET, 'new', '{"repository":{"id":9}}'))
  if (status !== 202) problems.push(`a new event was answered ${status}`)
  await gateway.drained(DRAIN_MS_MAX)
  return problems
}

function eventsFrom(first: number): SentEvent[] {
  return Array.from({ length: KEYS }, (_, key) =>
    Array.from({ length: SENT - first }, (__, at) => {
      const n = first + at
      return { id: `old-${key}-${n}`, key: String(key), n }
    }),
  ).flat()
}

function checkMigrations(path: string): string[] {
  using client = new Database(path, { readonly: true })
  const rows = client
    .query<{ name: string }, []>('SELECT name FROM schema_migrations ORDER BY id')
    .all()
  const applied = rows.map(({ name }) => name).join()
  const known = MIGRATIONS.map(({ name }) => name).join()
  const [check] = client.query('PRAGMA integrity_check').values()
  return [
    ...(applied === known ? [] : [`migrated by ${applied}`]),
    ...(check?.[0] === 'ok' ? [] : [`the file is damaged: ${String(check?.[0])}`]),
  ]
}
