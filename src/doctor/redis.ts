import { HINT_MS_MAX } from '../limits/limits.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** What Redis says of itself. */
export interface RedisFacts {
  /** Undefined where the service does not say. */
  readonly version: string | undefined
  /** Its clock minus ours, in ms. */
  readonly skewMs: number
  /** The slowest of a few questions. */
  readonly slowestMs: number
}

/** `SET NX GET`, which tells a lost answer from a duplicate, came with it. */
const MAJOR_MIN = 7

/** Providers' signatures are valid for minutes: a clock that is off by more refuses them. */
const SKEW_WARN_MS = 5_000
const SKEW_FAIL_MS = 60_000

/** Asks Redis, and judges what it says. `ask` rejects where there is no answer. */
export async function checkRedis(ask: () => Promise<RedisFacts>): Promise<Finding[]> {
  try {
    return judge(await ask())
  } catch (error) {
    return [
      fail(
        `Redis does not answer: ${error instanceof Error ? error.message : 'unknown'}`,
        'correct REDIS_URL, or UPSTASH_REDIS_REST_URL and its token; meanwhile a duplicate at another node is stored twice',
      ),
    ]
  }
}

function judge({ version, skewMs, slowestMs }: RedisFacts): Finding[] {
  const findings: Finding[] = []
  if (version !== undefined && Number.parseInt(version, 10) < MAJOR_MIN) {
    findings.push(fail(`Redis is ${version}`, `it needs ${MAJOR_MIN}.0 or later`))
  }
  if (slowestMs > HINT_MS_MAX / 2) {
    findings.push(
      warn(
        `Redis took ${Math.round(slowestMs)} ms for an answer, and is skipped after ${HINT_MS_MAX} ms`,
        'bring it nearer, or look at its slow log',
      ),
    )
  }
  if (findings.length === 0) {
    const which = version === undefined ? 'Redis' : `Redis ${version}`
    findings.push(ok(`${which} answers in ${slowestMs.toFixed(1)} ms`))
  }
  return [...findings, ...judgeSkew(skewMs)]
}

function judgeSkew(skewMs: number): Finding[] {
  const seconds = Math.abs(Math.round(skewMs / 1000))
  const next = 'run NTP here and there: signatures are refused by a clock that is minutes off'
  const what = `this clock is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'} that of Redis`
  if (Math.abs(skewMs) > SKEW_FAIL_MS) return [fail(what, next)]
  return Math.abs(skewMs) > SKEW_WARN_MS ? [warn(what, next)] : []
}
