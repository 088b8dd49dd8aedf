/**
 * Remembers the keys that providers publish. A key is fetched once, by one request whatever the
 * number of deliveries that wait for it; in use, it is fetched again in the background, long before
 * it ends. Who makes up key ids gets one look-up a second, for the whole of a source.
 */
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Refused } from '../delivery.ts'
import { GatewayError } from '../faults/faults.ts'
import type { FindKeys, FoundKeys, KeyPlace, KeySet } from '../key-place.ts'
import {
  KEY_EXPIRES_MS,
  KEY_LOOKUP_EVERY_MS,
  KEY_MISS_MS,
  KEY_PLACES_MAX,
  KEY_REFRESH_MS,
  KEY_WAIT_MS_MAX,
} from '../limits/limits.ts'
import { allowedUrl, type CallOut, type OutboundCall } from '../outbound-call.ts'

export interface KeyStorePorts {
  readonly clock: Clock
  readonly callOut: CallOut
}

/** `family` is whose key it is; the reason names the host at most. */
type KeyFailure = (family: string, reason: string) => void

/** The keys of all providers, of all sources. */
export interface KeyStore {
  readonly find: FindKeys
  /** Says whenever a place did not answer with keys, also where nobody waits for them. */
  onFailure(listener: KeyFailure): void
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
  const memory = openMemory(clock)
  const running = new Map<string, Promise<Refused | undefined>>()
  const askedMs = new Map<string, number>()
  let report: KeyFailure = () => undefined

  async function ask(place: KeyPlace): Promise<Refused | undefined> {
    try {
      const set = place.read(await ports.callOut(place.call), clock.now())
      if (set === undefined) memory.pause(place.id, { kind: 'unknown' })
      else memory.learn(place.id, set)
      return undefined
    } catch (error) {
      const failure = refusal(error)
      memory.pause(place.id, failure)
      report(place.family, failure.detail)
      return failure
    } finally {
      running.delete(place.id)
    }
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

  return {
    find(place, keyId) {
      const found = memory.find(place, keyId)
      if (found === undefined) return { kind: 'key-needed', fetch: () => fetchFirst(place) }
      // Nobody waits for it but `close`; it never rejects, and ends with its call.
      if ('isDue' in found && found.isDue && !running.has(place.id)) void start(place)
      return found
    },
    onFailure(listener) {
      report = listener
    },
    async close() {
      await Promise.all(running.values())
    },
  }
}

/** What is known of places, and for how long. */
function openMemory(clock: Clock) {
  const known = new Map<string, Known>()
  const pauses = new Map<string, Pause>()

  function paused(id: string): FoundKeys | undefined {
    const pause = pauses.get(id)
    return pause !== undefined && clock.monotonicMs() < pause.untilMs ? pause.answer : undefined
  }

  return {
    learn(id: string, set: KeySet): void {
      remember(known, id, { set, fetchedMs: clock.monotonicMs() })
    },
    pause(id: string, answer: FoundKeys): void {
      remember(pauses, id, { answer, untilMs: clock.monotonicMs() + KEY_MISS_MS })
    },
    /** Undefined where the place has to be asked. */
    find({ id, call }: KeyPlace, keyId: string | undefined): Remembered | undefined {
      const entry = known.get(id)
      const ageMs = entry === undefined ? Infinity : clock.monotonicMs() - entry.fetchedMs
      const usable = entry !== undefined && ageMs < KEY_EXPIRES_MS ? entry.set : undefined
      const keys = usable === undefined ? [] : pick(usable, keyId, clock.now())
      if (keys.length > 0) {
        return { kind: 'found', keys, isDue: ageMs > KEY_REFRESH_MS && paused(id) === undefined }
      }
      const isSettled = ageMs < KEY_MISS_MS || !isAllowed(call)
      return isSettled ? { kind: 'unknown' } : paused(id)
    },
  }
}

/** `isDue`: the keys are good, and so old that they are to be fetched again. */
type Remembered = FoundKeys | (Extract<FoundKeys, { kind: 'found' }> & { readonly isDue: boolean })

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
