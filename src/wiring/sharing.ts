/** Which Redis stands in front of the truth on disk, where several nodes share sources. */
import type { Config } from '../settings/config.ts'
import type { Hint, HintOptions } from '../idempotency/hint.ts'
import { noHint } from '../idempotency/none.ts'

/** Loads a client only where one is needed: both together take 4 ms of a start. */
export async function openHint(config: Config, options: HintOptions): Promise<Hint> {
  const { REDIS_URL, UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = config
  if (REDIS_URL !== undefined) {
    const { openRedisHint } = await import('../idempotency/redis.ts')
    return openRedisHint(REDIS_URL, options)
  }
  if (url === undefined || token === undefined) return noHint
  const { openUpstashHint } = await import('../idempotency/upstash.ts')
  return openUpstashHint({ url, token }, options)
}
