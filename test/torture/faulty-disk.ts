import { systemClock } from '../../src/clock.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { checkFiles } from './disk-check.ts'
import { bodyOf, deliver } from './senders.ts'

const SECRET = 'made-up-secret-for-torture'
const KEYS = 4
const RETRY_MS = 5
/** For what a healthy gateway does within a second, on a machine with other work. */
const WAIT_MS_MAX = 20_000
const POLL_MS = 20

/** What was found in all cases together. */
export interface Tally {
  cases: number
  acked: number
  lost: number
  /** Faults that never came, because the gateway made fewer of those calls: no cases. */
  unreached: number
  /** Starts that failed for the fault, with nothing acknowledged. */
  refusedStarts: number
  ended: number
  wentOn: number
  readonly broken: string[]
}

export function emptyTally(): Tally {
  const counts = { cases: 0, acked: 0, lost: 0, unreached: 0, refusedStarts: 0 }
  return { ...counts, ended: 0, wentOn: 0, broken: [] }
}

/** A gateway, and where it works. */
export interface Place {
  readonly command: readonly string[]
  readonly directory: string
}

/** Starts a gateway that needs nothing but its disk. */
export function startOn(
  { command, directory }: Place,
  env: Readonly<Record<string, string>>,
): Promise<GatewayProcess> {
  return startGateway({
    command,
    cwd: directory,
    env: {
      INLET_SINK: 'file',
      INLET_SOURCES: 'github',
      INLET_SECRET_GITHUB: SECRET,
      INLET_LOG_DELIVERIES: 'false',
      INLET_RATE_PER_SOURCE: '0',
      INLET_RATE_PER_ADDRESS: '0',
      ...env,
    },
  })
}

/** Senders that never ask twice. */
export interface Load {
  /** The bodies of what was acknowledged, by event id. */
  readonly acked: ReadonlyMap<string, string>
  /** How many deliveries were answered 503. */
  readonly refused: number
  /** The shortest wait for an acknowledgement, in ms. */
  readonly fastestMs: number
  stop(): Promise<void>
}

/** Sends each event once: a gateway that ended is not started again. */
export function startLoad(gateway: GatewayProcess, padBytes = 500): Load {
  const acked = new Map<string, string>()
  let isOver = false
  let refused = 0
  let fastestMs = Infinity
  const target = { url: () => gateway.url, secret: SECRET, padBytes }

  async function sendAll(key: string): Promise<void> {
    for (let n = 0; !isOver; n += 1) {
      const event = { id: `${key}-${n}`, key, n }
      const sentMs = systemClock.monotonicMs()
      const answer = await deliver(event, target)
      if (answer === 'acknowledged') {
        acked.set(event.id, bodyOf(event, padBytes))
        fastestMs = Math.min(fastestMs, systemClock.monotonicMs() - sentMs)
      } else {
        if (answer === '503') refused += 1
        await systemClock.sleep(RETRY_MS)
      }
    }
  }
  const sending = Array.from({ length: KEYS }, (_, key) => sendAll(String(key)))
  return {
    acked,
    get refused() {
      return refused
    },
    get fastestMs() {
      return fastestMs
    },
    async stop() {
      isOver = true
      await Promise.all(sending)
    },
  }
}

/** Ends the load and the gateway, and looks whether everything acknowledged is in the file. */
export async function settle(
  name: string,
  { gateway, load, directory }: Running,
  tally: Tally,
): Promise<void> {
  await load.stop()
  await gateway.end('SIGKILL')
  const finding = await checkFiles(directory, { acked: load.acked, mayBeGone: new Set() })
  tally.acked += load.acked.size
  tally.lost += finding.lost
  tally.broken.push(...finding.broken.map((problem) => `${name}: ${problem}`))
}

export interface Running {
  readonly gateway: GatewayProcess
  readonly load: Load
  readonly directory: string
}

/** Whether something becomes so before it takes far too long. */
export async function waitUntil(isSo: () => boolean): Promise<boolean> {
  const deadlineMs = systemClock.monotonicMs() + WAIT_MS_MAX
  while (!isSo()) {
    if (systemClock.monotonicMs() > deadlineMs) return false
    await systemClock.sleep(POLL_MS)
  }
  return true
}
