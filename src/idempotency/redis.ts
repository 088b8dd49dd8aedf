import type { Redis } from 'ioredis'
import { backoffMs } from '../backoff.ts'
import {
  HINT_CONNECT_MS_MAX,
  HINT_RECONNECT_MS_MAX,
  HINT_SILENCE_MS_MAX,
} from '../limits/limits.ts'
import type { Hint, HintOptions } from './hint.ts'
import { DELETE_IF_EQUAL, openHint } from './open-hint.ts'

/**
 * Opens the hint on a Redis of version 7.0 or later at `url` (`redis://` or `rediss://`). Waits at
 * most `HINT_CONNECT_MS_MAX` for the connection; where Redis is absent it comes back without, and
 * connects later.
 *
 * ioredis, because Bun's own client gives up for good after one refused handshake and has no time
 * limit (Bun 1.4.5).
 */
export async function openRedisHint(url: string, options: HintOptions): Promise<Hint> {
  // Only where there is a Redis: to load it takes 8 ms of a start.
  const ioredis = await import('ioredis')
  const redis = connectTo(ioredis.Redis, url)
  let connectError: Error | undefined
  redis.on('error', (error) => {
    connectError = error
  })

  /**
   * Runs a command. Without a connection ioredis only says that there is none; why is in its last
   * error event.
   */
  async function run(name: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.call(name, ...args)
    } catch (error) {
      throw redis.status === 'ready' ? error : (connectError ?? error)
    }
  }

  await connected(redis, options)
  return openHint(
    {
      setIfFree: ({ key, value, ttlMs }) => run('SET', [key, value, 'NX', 'GET', 'PX', ttlMs]),
      set: ({ key, value, ttlMs }) => run('SET', [key, value, 'PX', ttlMs]),
      deleteIfEqual: (key, value) => run('EVAL', [DELETE_IF_EQUAL, 1, key, value]),
      isConnected: () => redis.status === 'ready',
      close: () => redis.disconnect(),
    },
    options,
  )
}

function connectTo(Client: typeof Redis, url: string): Redis {
  return new Client(url, {
    lazyConnect: true, // `connected` does it
    connectionName: 'inlet',
    disableClientInfo: true,
    protocol: 2, // strings and integers are all we read; some proxies know no other
    noDelay: true,
    keepAlive: 30_000,
    connectTimeout: HINT_CONNECT_MS_MAX,
    socketTimeout: HINT_SILENCE_MS_MAX,
    disconnectTimeout: 0, // `disconnect` closes the socket now, also of a Redis that hangs
    enableReadyCheck: true, // not before Redis has loaded its data
    // A delivery does not wait for a connection, and a command is never sent twice behind our back.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: false, // commands of one tick share a packet anyway
    retryStrategy: (attempt) => backoffMs({ baseMs: 50, maxMs: HINT_RECONNECT_MS_MAX }, attempt),
    // After a failover the old primary still answers, read only: resolve the name again.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    readOnly: false,
  })
}

/** Resolves once the connection is ready or cannot be made now; ioredis goes on trying. */
async function connected(redis: Redis, { clock }: HintOptions): Promise<void> {
  const over = new AbortController()
  // Why it failed reaches the log with the first claims.
  const first = redis.connect().catch(() => undefined)
  await Promise.race([first, clock.sleep(HINT_CONNECT_MS_MAX, over.signal)])
  over.abort()
}
