/** Ways to damage a delivery, each with whether what comes of it is still genuine. */
import { Buffer } from 'node:buffer'
import type { Delivery } from '../../src/delivery.ts'
import type { Genuine } from './signed-pool.ts'

export interface Damaged {
  readonly delivery: Delivery
  readonly isGenuine: boolean
  /** What was done, for the report of a failure. */
  readonly what: string
}

type Random = () => number
type Damage = (genuine: Genuine, random: Random, other: Genuine) => Damaged | undefined

/** Takes one delivery of the pool and does one thing to it, or nothing. */
export function damage(pool: readonly Genuine[], random: Random): Damaged {
  const genuine = pick(pool, random)
  const damaged = pick(DAMAGES, random)(genuine, random, pick(pool, random))
  const { isGenuine, ...rest } = damaged ?? untouched(genuine)
  return { ...rest, isGenuine: isGenuine && genuine.isTimely }
}

function untouched({ delivery }: Genuine): Damaged {
  return { delivery, isGenuine: true, what: 'a delivery as it was signed' }
}

const flipBit: Damage = ({ delivery, coversBody }, random) => {
  if (!coversBody) return undefined
  const body = Uint8Array.from(delivery.body)
  const at = Math.floor(random() * body.length)
  body[at] = (body[at] ?? 0) ^ (1 << Math.floor(random() * 8))
  return {
    delivery: { ...delivery, body },
    isGenuine: false,
    what: `bit ${at} of the body flipped`,
  }
}

const cutBody: Damage = ({ delivery, coversBody }, random) => {
  if (!coversBody) return undefined
  const at = Math.floor(random() * delivery.body.length)
  const to = at + Math.floor(random() * 4)
  const inserted = Buffer.from(pick(['', ' ', '\n', '{}', '\0', '{body}', '$&'], random))
  const rest = delivery.body.subarray(to)
  const body = Buffer.concat([delivery.body.subarray(0, at), inserted, rest])
  const isGenuine = Buffer.compare(body, delivery.body) === 0
  return { delivery: { ...delivery, body }, isGenuine, what: `the body cut at ${at} to ${to}` }
}

const otherBody: Damage = ({ delivery, coversBody }, _, other) => {
  if (!coversBody) return undefined
  const isGenuine = Buffer.compare(delivery.body, other.delivery.body) === 0
  const { body } = other.delivery
  return { delivery: { ...delivery, body }, isGenuine, what: 'the body of another delivery' }
}

const otherCharacter: Damage = (genuine, random) => {
  const value = proofOf(genuine)
  if (value === undefined) return undefined
  // The proof stands behind whatever names its version or its time.
  const { index: start = 0, 0: run = '' } = /[A-Za-z0-9+/=_-]+$/.exec(value) ?? {}
  const at = start + Math.floor(random() * run.length)
  const character = pick('0123456789abcdefABCDEFxyzXYZ+/=_-'.split(''), random)
  return withProof(genuine, value.slice(0, at) + character + value.slice(at + 1))
}

const truncated: Damage = (genuine, random) => {
  const value = proofOf(genuine)
  if (value === undefined) return undefined
  return withProof(genuine, value.slice(0, Math.floor(random() * value.length)))
}

const extended: Damage = (genuine, random) => {
  const value = proofOf(genuine)
  if (value === undefined) return undefined
  return withProof(genuine, value + pick(['A', '=', '0', '00', 'v1', '?', '.'], random))
}

const otherHeader: Damage = (genuine, random) => {
  const { delivery, covered } = genuine
  const name = covered.length === 0 ? undefined : pick(covered, random)
  const value = name === undefined ? null : delivery.headers.get(name)
  if (name === undefined || value === null) return undefined
  const at = Math.floor(random() * value.length)
  const character = pick('0123456789'.split(''), random)
  const changed = value.slice(0, at) + character + value.slice(at + 1)
  const headers = new Headers(delivery.headers)
  headers.set(name, changed)
  const what = `${name} changed at ${at}`
  return { delivery: { ...delivery, headers }, isGenuine: changed === value, what }
}

const noise: Damage = ({ delivery }, random) => {
  const headers = new Headers(delivery.headers)
  headers.set('x-noise', String(random()))
  headers.set('user-agent', 'somebody else')
  return { delivery: { ...delivery, headers }, isGenuine: true, what: 'headers that nobody signs' }
}

const nothing: Damage = () => undefined

const DAMAGES: readonly Damage[] = [
  nothing,
  noise,
  flipBit,
  cutBody,
  otherBody,
  otherCharacter,
  truncated,
  extended,
  otherHeader,
]

function proofOf({ delivery, proof }: Genuine): string | undefined {
  return proof === undefined ? undefined : (delivery.headers.get(proof) ?? undefined)
}

function withProof(genuine: Genuine, value: string): Damaged {
  const { delivery, proof = '' } = genuine
  const headers = new Headers(delivery.headers)
  headers.set(proof, value)
  const isGenuine = isSame(genuine, headers.get(proof) ?? '')
  return { delivery: { ...delivery, headers }, isGenuine, what: `${proof}: "${value}"` }
}

function isSame({ delivery, proof = '', compares }: Genuine, value: string): boolean {
  const original = delivery.headers.get(proof) ?? ''
  if (compares === 'hex') {
    // Hexadecimal digits count in either case, what stands before them does not.
    const [, prefix = ''] = /^(.*?)[0-9a-f]*$/.exec(original) ?? []
    return value.startsWith(prefix) && value.toLowerCase() === original.toLowerCase()
  }
  if (compares === 'exact') return value === original
  const [, encoded] = /^basic ([A-Za-z0-9+/]+={0,2})$/i.exec(value) ?? []
  const own = original.slice('Basic '.length)
  return encoded !== undefined && Buffer.from(encoded, 'base64').equals(Buffer.from(own, 'base64'))
}

function pick<T>(values: readonly T[], random: Random): T {
  const value = values[Math.floor(random() * values.length)]
  if (value === undefined) throw new Error('there is nothing to pick')
  return value
}
