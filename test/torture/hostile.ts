/**
 * Hostile HTTP on raw sockets: a corpus of attacks, mutated, beside slow senders and bodies that
 * never end. The process lives, its memory is bounded, nothing is stored, no parser's trouble is
 * answered with a 5xx, and good deliveries are acknowledged in time meanwhile. The control takes
 * unsigned deliveries of any size: it must be seen to store them, and to grow.
 */
import { Database } from 'bun:sqlite'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DATABASE_FILE } from '../../db/open.ts'
import { systemClock } from '../../src/clock.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { makeTempDir } from '../support/temp.ts'
import { mutated } from './hostile-corpus.ts'
import { openSlowSenders, openUploads, speak } from './raw-http.ts'
import { seeded } from './seeded.ts'
import { send, signedDelivery } from './signed.ts'
import type { Row, TortureOptions } from './torture.ts'

const SECRET = 'made-up-secret-for-torture'
const SHORT_REQUESTS = 10_000
const FULL_REQUESTS = 250_000
const CONTROL_REQUESTS = 500
const LANES = 48
const SLOW_SENDERS = 100
const UPLOADS = { count: 16, mib: 32 }
/** So long they have at least, whatever the number of requests. */
const UPLOAD_MS = 3_000
const GOOD_EVERY_MS = 50
/** A provider waits for 5 to 30 s. */
const GOOD_MS_MAX = 5_000
/** What an idle gateway takes, its bodies in flight, and as much again not yet collected. */
const RSS_MIB_MAX = 384
/** Of the answers from 500 on the one that is about the request: a mangled first line. */
const VERSION_UNKNOWN = 505

/** What the control goes without. */
const UNBOUNDED = {
  INLET_SECRET_GITHUB: 'none',
  INLET_BODY_BYTES_MAX: String(64 * 1024 * 1024),
  INLET_INFLIGHT_BYTES_MAX: String(4 * 1024 * 1024 * 1024),
}

interface Attack {
  readonly command: readonly string[]
  readonly seed: number
  readonly requests: number
  readonly env: Readonly<Record<string, string>>
}

interface AttackResult {
  /** By status; 0 where there was no answer. */
  readonly answers: ReadonlyMap<number, number>
  readonly good: number
  readonly goodMsMax: number
  readonly refusedGood: number
  /** Stored events that nobody with the secret sent. */
  readonly forged: number
  readonly missing: number
  readonly rssMib: number
  readonly isAlive: boolean
  /** Lines of the log that tell of a bug. */
  readonly complaints: number
}

export async function hostile({ command, seed, form, cycles }: TortureOptions): Promise<Row> {
  const requests = cycles ?? (form === 'full' ? FULL_REQUESTS : SHORT_REQUESTS)
  const result = await attack({ command, seed, requests, env: {} })
  const control = await attack({ command, seed, requests: CONTROL_REQUESTS, env: UNBOUNDED })
  const count = (from: number, to: number) =>
    [...result.answers].reduce(
      (sum, [status, n]) => sum + (status >= from && status <= to ? n : 0),
      0,
    )
  const broken = count(500, 599) - count(VERSION_UNKNOWN, VERSION_UNKNOWN) + result.complaints
  const held =
    result.isAlive &&
    broken === 0 &&
    result.forged === 0 &&
    result.missing === 0 &&
    result.refusedGood === 0 &&
    result.good > 0 &&
    result.goodMsMax <= GOOD_MS_MAX &&
    result.rssMib <= RSS_MIB_MAX
  const { good, forged, goodMsMax, rssMib, missing } = result
  return {
    cases: requests,
    acked: good,
    lost: missing,
    duplicates: 0,
    inversions: 0,
    held,
    controlCaught: control.forged > 0 && control.rssMib > RSS_MIB_MAX,
    figures: {
      forged,
      '4xx': count(400, 499),
      '5xx': broken,
      unanswered: count(0, 0),
      goodMsMax,
      rssMib,
    },
  }
}

async function attack({ command, seed, requests, env }: Attack): Promise<AttackResult> {
  await using directory = await makeTempDir()
  const gateway = await startGateway({
    command,
    cwd: directory.path,
    env: {
      INLET_SINK: 'file',
      INLET_SOURCES: 'github',
      INLET_SECRET_GITHUB: SECRET,
      INLET_EVENTS_TOKEN_SHOP: 'made-up-token-for-torture',
      // From one address, and yet to be parsed, not to be turned away.
      INLET_RATE_PER_ADDRESS: '0',
      ...env,
      INLET_LOG_DELIVERIES: 'false',
    },
  })
  const over = new AbortController()
  const slow = openSlowSenders(gateway.url, SLOW_SENDERS)
  const uploads = openUploads(gateway.url, UPLOADS.count, UPLOADS.mib)
  const sending = sendGood(gateway, over.signal)
  const answers = new Map<number, number>()
  const random = seeded(seed)
  let left = requests
  async function attackOn(url: string): Promise<void> {
    while (left > 0) {
      left -= 1
      const statuses = await speak(url, mutated(random))
      for (const status of statuses) answers.set(status, (answers.get(status) ?? 0) + 1)
    }
  }
  const lanes = Array.from({ length: LANES }, () => attackOn(gateway.url))
  await Promise.all([...lanes, systemClock.sleep(UPLOAD_MS)])
  over.abort()
  slow.close()
  uploads.close()
  const good = await sending
  const isAlive = (await send(gateway.url, delivery('last')).catch(() => 0)) === 202
  const rssMib = peakMib(gateway.pid)
  await gateway.end('SIGTERM')
  const complaints = gateway.log.filter(({ message }) => BUGS.includes(message)).length
  const stored = storedIds(join(directory.path, 'data', DATABASE_FILE))
  const expected = new Set([...good.ids, 'last'])
  return {
    answers,
    good: good.ids.length,
    goodMsMax: Math.round(good.msMax),
    refusedGood: good.refused,
    forged: stored.filter((id) => !expected.has(id)).length,
    missing: good.ids.filter((id) => !stored.includes(id)).length,
    rssMib,
    isAlive,
    complaints,
  }
}

const BUGS = ['request.failed', 'process.uncaught', 'gateway.failed', 'relay.crashed']

interface Good {
  readonly ids: readonly string[]
  readonly msMax: number
  readonly refused: number
}

/** Sends proper deliveries one after the other, and takes the time of each. */
async function sendGood(gateway: GatewayProcess, signal: AbortSignal): Promise<Good> {
  const ids: string[] = []
  let msMax = 0
  let refused = 0
  for (let n = 0; !signal.aborted; n += 1) {
    const id = `good-${n}`
    const startedMs = systemClock.monotonicMs()
    const status = await send(gateway.url, delivery(id)).catch(() => 0)
    msMax = Math.max(msMax, systemClock.monotonicMs() - startedMs)
    if (status === 202) ids.push(id)
    else refused += 1
    await systemClock.sleep(GOOD_EVERY_MS, signal)
  }
  return { ids, msMax, refused }
}

function delivery(id: string) {
  return signedDelivery(SECRET, id, JSON.stringify({ repository: { id: 1 }, id }))
}

/** The most memory that a process ever had. */
function peakMib(pid: number): number {
  const kib = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kib) / 1024)
}

function storedIds(path: string): string[] {
  using client = new Database(path, { readonly: true })
  const rows = client.query<{ event_id: string }, []>('SELECT event_id FROM inbox').all()
  return rows.map((row) => row.event_id)
}
