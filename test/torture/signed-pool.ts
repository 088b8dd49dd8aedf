/** Genuine deliveries of a provider, with what each proof covers. */
import type { Delivery } from '../../src/delivery.ts'
import { activeSchemes } from '../../src/providers/engine/prove.ts'
import { rowConfig } from '../../src/providers/engine/config.ts'
import type { ProviderRow } from '../../src/providers/row.ts'
import type { Scheme } from '../../src/providers/schemes.ts'
import { sampleEvents, signSample } from '../../src/providers/sign.ts'
import {
  configOf,
  NOW,
  rowOf,
  sampleDelivery,
  secretsOf,
  URL as REGISTERED,
} from '../providers/support.ts'

export interface Genuine {
  readonly delivery: Delivery
  /** Whether its time is within the window. */
  readonly isTimely: boolean
  /** Whether any other body is a forgery; false also where that depends on the change. */
  readonly coversBody: boolean
  /** Headers of which any other value is a forgery. */
  readonly covered: readonly string[]
  /** The header that proves it; undefined where the proof stands elsewhere. */
  readonly proof: string | undefined
  /** How the proof is compared: a password in base64 may be written in several ways. */
  readonly compares: 'exact' | 'hex' | 'basic'
}

const BODIES = 12

/** Whether anybody but the provider can sign. */
export function canBeSigned({ schemes }: ProviderRow): boolean {
  return schemes.some((scheme) => scheme.kind !== 'code' || scheme.sign !== undefined)
}

/** Signs a few bodies, at times within the window and outside of it. */
export function signedPool(key: string, random: () => number): readonly Genuine[] {
  const row = rowOf(key)
  const config = configOf(row)
  const [scheme] = activeSchemes(row, rowConfig(row, config))
  if (scheme === undefined) throw new Error(`${key} has no scheme`)
  const facts = factsOf(scheme)
  const types = sampleEvents(row)
  return Array.from({ length: BODIES }, (_, index) => {
    const offsetMs = offsetOf(scheme, index)
    const sample = signSample(row, {
      secret: secretsOf(key).sign,
      config,
      url: REGISTERED,
      type: types[index % types.length] ?? 'sample',
      eventId: `evt-${Math.floor(random() * 1e9)}`,
      now: NOW + offsetMs.by,
      ...(facts.coversBody ? { body: bodyOf(index, random) } : {}),
    })
    return { delivery: sampleDelivery(sample), isTimely: offsetMs.isTimely, ...facts }
  })
}

/** Every third delivery is at the edge of the window, and every sixth beyond it. */
function offsetOf(scheme: Scheme, index: number): { readonly by: number; isTimely: boolean } {
  const isSpliced = 'timestamp' in scheme && scheme.timestamp && scheme.signed.includes('{ts}')
  if (!isSpliced || index % 3 !== 0) return { by: 0, isTimely: true }
  const edgeMs = (scheme.timestamp?.toleranceSeconds ?? 0) * 1000
  const direction = index % 2 === 0 ? 1 : -1
  const isTimely = index % 6 !== 0
  return { by: direction * (isTimely ? edgeMs : edgeMs + 2000), isTimely }
}

function factsOf(scheme: Scheme): Omit<Genuine, 'delivery' | 'isTimely'> {
  if (scheme.kind === 'token') {
    return { coversBody: false, covered: [], proof: headerOf(scheme.at), compares: 'exact' }
  }
  if (scheme.kind === 'basic') {
    return { coversBody: false, covered: [], proof: 'authorization', compares: 'basic' }
  }
  if (scheme.kind === 'jwt') {
    const coversBody = scheme.bodyClaim?.hash !== undefined
    return { coversBody, covered: [], proof: headerOf(scheme.at), compares: 'exact' }
  }
  if (scheme.kind === 'code') {
    return { coversBody: false, covered: [], proof: undefined, compares: 'exact' }
  }
  const { signed, timestamp, idHeader, encoding } = scheme
  const time = timestamp?.from.startsWith('header:') === true ? timestamp.from.slice(7) : undefined
  const covered = [idHeader, time].filter((name) => name !== undefined && !name.includes('{'))
  return {
    coversBody: /\{(?:sha256:|sha256hex:)?body\}/.test(signed),
    covered: covered as readonly string[],
    proof: headerOf(scheme.signatures[0]?.at ?? ''),
    compares: encoding === 'hex' ? 'hex' : 'exact',
  }
}

function headerOf(reference: string): string | undefined {
  const isNamed = reference.startsWith('header:') && !reference.includes('{')
  return isNamed ? reference.slice('header:'.length) : undefined
}

/** Texts at which verifiers have stumbled, and bytes that are no text. */
function bodyOf(index: number, random: () => number): Uint8Array {
  const time = `"webhookTimestamp":${NOW},"events":[],"value":[]`
  const texts = ['', '$& $1 {ts}', '\\ud800', 'ünïcode ✓', 'a\\r\\n', '__proto__']
  const text = `{${time},"text":"${texts[index % texts.length]}","n":${Math.floor(random() * 1e6)}}`
  return new TextEncoder().encode(`${text}\r\n`)
}
