import { Redis } from '@upstash/redis'
import type { Hint, HintOptions } from './hint.ts'
import { DELETE_IF_EQUAL, openHint } from './open-hint.ts'

export interface UpstashAccount {
  /** `UPSTASH_REDIS_REST_URL` */
  readonly url: string
  /** `UPSTASH_REDIS_REST_TOKEN` */
  readonly token: string
}

/** Opens the hint on an Upstash Redis, over HTTPS. Makes no request before the first claim. */
export function openUpstashHint(account: UpstashAccount, options: HintOptions): Hint {
  return openHint(
    {
      setIfFree: ({ key, value, ttlMs }, signal) =>
        clientUntil(signal, account).set(key, value, { nx: true, get: true, px: ttlMs }),
      set: ({ key, value, ttlMs }, signal) =>
        clientUntil(signal, account).set(key, value, { px: ttlMs }),
      deleteIfEqual: (key, value, signal) =>
        clientUntil(signal, account).eval(DELETE_IF_EQUAL, [key], [value]),
      close() {}, // requests end with their signals
    },
    options,
  )
}

/**
 * A client for one command, because the client knows one signal only, for all of them. It holds no
 * connection (`fetch` does), and costs 2 µs beside an HTTPS request.
 */
function clientUntil(signal: AbortSignal, { url, token }: UpstashAccount): Redis {
  return new Redis({
    url,
    token,
    // A function: given the signal itself, the client makes up an answer when it aborts.
    signal: () => signal,
    retry: { retries: 0 }, // `false` would still try twice
    // Commands of one batch would share one fate and one signal, and wait for each other.
    enableAutoPipelining: false,
    automaticDeserialization: false, // a value is a string, also where it looks like a number
    responseEncoding: 'base64',
    readYourWrites: false, // every command of ours writes, so all reach the primary
    keepAlive: true,
    cache: 'no-store',
    latencyLogging: false,
    enableTelemetry: false,
  })
}
