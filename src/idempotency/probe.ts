/** A look at Redis from outside the hint: for checks, where nobody waits for a delivery. */
import { Redis as Upstash } from '@upstash/redis'
import { Redis } from 'ioredis'
import type { Clock } from '../clock.ts'
import { failureWord } from './failure.ts'
import type { UpstashAccount } from './upstash.ts'

/** What Redis says of itself. */
export interface RedisProbe {
  /** Undefined where the service does not say. */
  readonly version: string | undefined
  /** Its clock minus ours, in ms. */
  readonly skewMs: number
  /** The slowest of a few questions. */
  readonly slowestMs: number
}

const PROBE_MS_MAX = 5_000

/** The first question may be slow because of what else starts now; more than that is Redis. */
const QUESTIONS = 5

/** @throws Error with one word about why Redis did not answer: never its URL, never a password. */
export async function probeRedis(url: string, clock: Clock): Promise<RedisProbe> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: PROBE_MS_MAX,
    commandTimeout: PROBE_MS_MAX,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null, // one try
    protocol: 2,
    disableClientInfo: true,
  })
  let reason: unknown
  redis.on('error', (error) => {
    reason ??= error
  })
  try {
    await redis.connect()
    const info = await redis.info('server')
    const time = async () => (await redis.time()).map(Number)
    return { version: /redis_version:(\S+)/.exec(info)?.[1], ...(await timeQuestions(time, clock)) }
  } catch (error) {
    throw new Error(failureWord(reason ?? error), { cause: error })
  } finally {
    redis.disconnect()
  }
}

/** The same over HTTPS, where the service does not tell its version. */
export async function probeUpstash(account: UpstashAccount, clock: Clock): Promise<RedisProbe> {
  const redis = new Upstash({
    ...account,
    signal: () => AbortSignal.timeout(PROBE_MS_MAX),
    retry: { retries: 0 },
    enableAutoPipelining: false,
    enableTelemetry: false,
    latencyLogging: false,
  })
  try {
    const time = async () => (await redis.time()).map(Number)
    return { version: undefined, ...(await timeQuestions(time, clock)) }
  } catch (error) {
    throw new Error(failureWord(error), { cause: error })
  }
}

/** Redis answers TIME with seconds and microseconds. */
async function timeQuestions(time: () => Promise<readonly number[]>, clock: Clock) {
  let slowestMs = 0
  let skewMs = 0
  for (let asked = 0; asked <= QUESTIONS; asked += 1) {
    const beforeMs = clock.monotonicMs()
    const [seconds = 0, microseconds = 0] = await time()
    const elapsedMs = clock.monotonicMs() - beforeMs
    if (asked === 0) continue // connections are made with it
    slowestMs = Math.max(slowestMs, elapsedMs)
    skewMs = seconds * 1000 + microseconds / 1000 - (clock.now() - elapsedMs / 2)
  }
  return { slowestMs, skewMs }
}
