/**
 * Signatures that are not quite one, of every scheme. `INLET_MUTATIONS=1000000 bun test
 * test/providers/mutations.test.ts` tries a million in 7 s.
 */
import { expect, test } from 'bun:test'
import type { Delivery, Verdict, Verifier } from '../../src/delivery.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import type { ProviderRow } from '../../src/providers/row.ts'
import { sampleEvents, signSample } from '../../src/providers/sign.ts'
import { seeded } from '../torture/seeded.ts'
import {
  configOf,
  NOW,
  outcomeOf,
  rowOf,
  sampleDelivery,
  secretsOf,
  URL,
  verifierOf,
  withHeaders,
} from './support.ts'

const SEED = 20_261_123
const RUNS = Number(process.env['INLET_MUTATIONS'] ?? 40_000)
const TAKEN = /^(?:verified|batch|handshake)$/

/** A delivery that is taken, and where in it the signature stands. */
interface Target {
  readonly key: string
  readonly verify: Verifier
  readonly delivery: Delivery
  readonly header: string
  readonly value: string
  /** The signature within the value: anything around it may be ignored. */
  readonly from: number
  readonly to: number
}

/** The places of the first scheme that can prove a sample. */
function placesOf({ schemes: [scheme] }: ProviderRow): readonly string[] {
  if (scheme === undefined) return []
  if (scheme.kind === 'basic') return ['header:authorization']
  return 'signatures' in scheme ? scheme.signatures.map(({ at }) => at) : [scheme.at].flat()
}

function targetOf(row: ProviderRow): Target | undefined {
  const [type = ''] = sampleEvents(row)
  const common = { type, eventId: 'event-1', now: NOW, config: configOf(row), url: URL }
  const places = placesOf(row).filter((place) => place.startsWith('header:'))
  if (places.length === 0 || !isSignable(row)) return undefined
  const sample = signSample(row, { ...common, secret: secretsOf(row.key).sign })
  const delivery = sampleDelivery(sample)
  const names = places.map((place) => place.replace(/\{config:(\w+)\}/, configured(row)).slice(7))
  const header = names.find((name) => delivery.headers.has(name))
  const value = header === undefined ? '' : (delivery.headers.get(header) ?? '')
  const [run = value] = (value.match(/[\w+/.=-]{16,}/g) ?? []).toSorted(
    (a, b) => b.length - a.length,
  )
  if (header === undefined || value === '') return undefined
  // Of `t=…,v1=…` only what follows the last label.
  const bare = run.replace(/^.*=(?=[\w+/-]{16})/, '')
  const from = value.indexOf(bare)
  const verify = verifierOf(row.key)
  return { key: row.key, verify, delivery, header, value, from, to: from + bare.length }
}

function configured(row: ProviderRow) {
  return (_: string, name: string) => configOf(row)[name] ?? row.config?.[name]?.default ?? ''
}

/** Some are signed by their provider alone, with keys that it publishes. */
function isSignable({ schemes: [scheme] }: ProviderRow): boolean {
  return scheme?.kind !== 'code' || scheme.sign !== undefined
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=., ;:"\u00e9'

/** The same text with its inside changed. */
function mutate(text: string, random: (below: number) => number): string {
  const at = 1 + random(Math.max(1, text.length - 2))
  const other = ALPHABET[random(ALPHABET.length)] ?? 'A'
  switch (random(6)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1)
    case 1:
      return text.slice(0, at) + other + text.slice(at)
    case 2:
      return text.slice(0, at)
    case 3:
      return text.slice(0, at) + text.slice(at).split('').toReversed().join('')
    case 4:
      return text + text
    default:
      return text.slice(0, at) + other + text.slice(at + 1)
  }
}

/** Hex in other letters is the same signature; a password in looser base64 the same password. */
function isSame({ key }: Target, a: string, b: string): boolean {
  const hex = /^[0-9a-fA-F]+$/
  if (hex.test(a) && hex.test(b)) return a.toLowerCase() === b.toLowerCase()
  const isPassword = rowOf(key).schemes[0]?.kind === 'basic'
  return a === b || (isPassword && Buffer.from(a, 'base64').equals(Buffer.from(b, 'base64')))
}

const targets = [...CATALOGUE.values()].flatMap((row) => targetOf(row) ?? [])

test('the signatures of nearly all providers stand in a header', () => {
  expect(targets.length).toBeGreaterThan(160)
})

test(`of ${RUNS} changed signatures none is taken, and all genuine ones are`, () => {
  const random = seeded(SEED)
  const below = (count: number) => Math.floor(random() * count)
  const wrong: string[] = []
  let tried = 0
  for (let run = 0; run < RUNS; run++) {
    const target = targets[run % targets.length]
    if (target === undefined) break
    const { key, verify, delivery, header, value, from, to } = target
    const signature = value.slice(from, to)
    const changed = mutate(signature, below)
    if (isSame(target, signature, changed)) continue
    tried++
    const forged = withHeaders(delivery, {
      [header]: value.slice(0, from) + changed + value.slice(to),
    })
    if (judge(verify, forged) !== 'refused') wrong.push(`${key} takes ${changed} for ${signature}`)
    if (run % 16 === 0 && !TAKEN.test(judge(verify, delivery))) wrong.push(`${key} refuses its own`)
  }
  expect(wrong.slice(0, 20)).toEqual([])
  expect(tried).toBeGreaterThan(RUNS * 0.9)
})

/** A refusal has to be one of the proof; anything that is thrown fails the test. */
function judge(verify: Verifier, delivery: Delivery): string {
  const verdict: Verdict = verify(delivery)
  if (verdict.kind !== 'refused') return outcomeOf(verdict)
  return verdict.step === undefined ? `refused without a step: ${verdict.code}` : 'refused'
}
