/**
 * Remembers the keys that providers publish. A key is fetched once, by one request whatever the
 * number of deliveries that wait for it; in use, it is fetched again in the background, long before
 * it ends. Who makes up key ids gets one look-up a second, for the whole of a source.
 */
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Refused } from '../delivery.ts'
import { GatewayError } from '../errors.ts'
import type { FindKeys, FoundKeys, KeyPlace, KeySet } from '../key-place.ts'
import {
  KEY_EXPIRES_MS,
  KEY_LOOKUP_EVERY_MS,
  KEY_MISS_MS,
  KEY_PLACES_MAX,
  KEY_REFRESH_MS,
  KEY_WAIT_MS_MAX,
} from '../limits.ts'
import { allowedUrl, type CallOut, type OutboundCall } from '../outbound-call.ts'

export interface KeyStorePorts {
  readonly clock: Clock
  readonly callOut: CallOut
}

/** The keys of all providers, of all sources. */
export interface KeyStore {
  readonly find: FindKeys
  /** Waits for what is being fetched: deliveries wait for it only for a time, and it goes on. */
  close(): Promise<void>
}

interface Known {
  readonly set: KeySet
  readonly fetchedMs: number
}

/** What is answered instead of asking again at once. */
interface Pause {
  readonly answer: FoundKeys
  readonly untilMs: number
}

/** Opens an empty store. */
export function openKeyStore(ports: KeyStorePorts): KeyStore {
  const { clock } = ports
  const known = new Map<string, Known>()
  const pauses = new Map<string, Pause>()
  const running = new Map<string, Promise<Refused | undefined>>()
  const askedMs = new Map<string, number>()

  function isPaused(id: string): Pause | undefined {
    const pause = pauses.get(id)
    return pause !== undefined && clock.monotonicMs() < pause.untilMs ? pause : undefined
  }

  async function ask(place: KeyPlace): Promise<Refused | undefined> {
    const { id } = place
    try {
      const set = place.read(await ports.callOut(place.call), clock.now())
      if (set === undefined) pauseFor(id, { kind: 'unknown' })
      else remember(known, id, { set, fetchedMs: clock.monotonicMs() })
      return undefined
    } catch (error) {
      const failure = refusal(error)
      pauseFor(id, failure)
      return failure
    } finally {
      running.delete(id)
    }
  }

  function pauseFor(id: string, answer: FoundKeys): void {
    remember(pauses, id, { answer, untilMs: clock.monotonicMs() + KEY_MISS_MS })
  }

  function start(place: KeyPlace): Promise<Refused | undefined> {
    const done = ask(place)
    running.set(place.id, done)
    return done
  }

  async function fetchFirst(place: KeyPlace): Promise<Refused | undefined> {
    let done = running.get(place.id)
    if (done === undefined) {
      const now = clock.monotonicMs()
      const lastMs = askedMs.get(place.family)
      if (lastMs !== undefined && now - lastMs < KEY_LOOKUP_EVERY_MS) return TOO_MANY
      askedMs.set(place.family, now)
      done = start(place)
    }
    const patience = new AbortController()
    const timeUp = clock.sleep(KEY_WAIT_MS_MAX, patience.signal).then(() => TOO_SLOW)
    const first = await Promise.race([done, timeUp])
    patience.abort()
    return first
  }

  function find(place: KeyPlace, keyId?: string): FoundKeys {
    const entry = known.get(place.id)
    const ageMs = entry === undefined ? Infinity : clock.monotonicMs() - entry.fetchedMs
    const usable = entry !== undefined && ageMs < KEY_EXPIRES_MS ? entry.set : undefined
    const keys = usable === undefined ? [] : pick(usable, keyId, clock.now())
    if (keys.length > 0) {
      const isDue = ageMs > KEY_REFRESH_MS && !running.has(place.id)
      // Nobody waits for it but `close`; it never rejects, and ends with its call.
      if (isDue && isPaused(place.id) === undefined) void start(place)
      return { kind: 'found', keys }
    }
    const pause = isPaused(place.id)
    if (pause !== undefined) return pause.answer
    if (ageMs < KEY_MISS_MS || !isAllowed(place.call)) return { kind: 'unknown' }
    return { kind: 'key-needed', fetch: () => fetchFirst(place) }
  }

  return {
    find,
    async close() {
      await Promise.all(running.values())
    },
  }
}

function pick({ keys, validUntil }: KeySet, keyId: string | undefined, now: number): KeyObject[] {
  if (validUntil !== undefined && now >= validUntil) return []
  if (keyId === undefined) return [...keys.values()]
  const key = keys.get(keyId)
  return key === undefined ? [] : [key]
}

/** An address that somebody made up must not use up the look-ups of the genuine one. */
function isAllowed(call: OutboundCall): boolean {
  try {
    allowedUrl(call)
    return true
  } catch {
    return false
  }
}

/** What was put in last stays longest. */
function remember<T>(map: Map<string, T>, id: string, value: T): void {
  map.delete(id)
  map.set(id, value)
  const [oldest] = map.keys()
  if (map.size > KEY_PLACES_MAX && oldest !== undefined) map.delete(oldest)
}

function unavailable(detail: string): Refused {
  return { kind: 'refused', code: 'OUTBOUND_FAILED', detail }
}

const TOO_MANY = unavailable('too many unknown keys were asked for just now')
const TOO_SLOW = unavailable(`a key did not arrive within ${KEY_WAIT_MS_MAX} ms`)

/** A failure of ours, whatever the reason: the delivery may well be genuine. */
function refusal(error: unknown): Refused {
  // What else is thrown may quote the answer.
  const detail = error instanceof GatewayError ? error.detail : 'the answer holds no usable key'
  return unavailable(detail)
}
