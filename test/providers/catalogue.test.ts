import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Verdict, Verified } from '../../src/delivery.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { ProviderRow } from '../../src/providers/row.ts'
import { sampleEvents, signSample } from '../../src/providers/sign.ts'
import {
  configOf,
  deliveryOf,
  expectVerified,
  NOW,
  outcomeOf,
  rowOf,
  sampleDelivery,
  secretsOf,
  URL,
  verifierOf,
} from './support.ts'

const ROWS = [...CATALOGUE.keys()]
const github = rowOf('github')
const [githubScheme] = github.schemes

test('the catalogue has every row of every file, each under a key of its own', () => {
  const folder = join(import.meta.dir, '../../src/providers/rows')
  const keys = readdirSync(folder).flatMap((file) => {
    expect(file).toMatch(/^[a-z0-9-]+\.ts$/)
    const text = readFileSync(join(folder, file), 'utf8')
    return [...text.matchAll(/^ {2}key: '(.+)',$/gm)].map(([, key = '']) => key)
  })
  expect(keys.toSorted()).toEqual(ROWS.toSorted())
  expect(ROWS.length).toBeGreaterThanOrEqual(181)
})

describe.each(ROWS)('%s', (key) => {
  const row = rowOf(key)
  const sampleOf = (type: string, options: object = {}) =>
    signSample(row, {
      secret: secretsOf(key).sign,
      config: configOf(row),
      url: URL,
      eventId: 'evt-1',
      now: NOW,
      type,
      ...options,
    })

  test('has a valid row under its own key', () => {
    expect(ProviderRow.safeParse(row).error?.issues ?? []).toEqual([])
    expect(row.key).toBe(key)
  })

  test('has samples that it verifies, with their type and id', () => {
    expect(sampleEvents(row).length > 0).toBe(!isForeign(row))
    for (const type of sampleEvents(row)) {
      const [event] = eventsOf(verifierOf(key)(sampleDelivery(sampleOf(type))))
      expect(event?.type).toBe(type)
      if (hasNoId(row)) {
        const isHash = row.identicalAreDistinct !== true
        expect(event?.eventId.startsWith('sha256:')).toBe(isHash)
      } else if (!OWN_IDS.has(key)) expect(event?.eventId).toContain('evt-1')
    }
  })

  test('gives each sample a partition key, where the row names one', () => {
    for (const type of sampleEvents(row)) {
      const delivery = sampleDelivery(sampleOf(type))
      const order = [...row.order, ...(row.batch?.order ?? [])].flat()
      for (const reference of order) {
        const [place, name = ''] = reference.split(':')
        if (place === 'header') delivery.headers.set(name, 'a')
      }
      const [event] = eventsOf(verifierOf(key)(delivery))
      expect(event?.key !== undefined).toBe(order.length > 0)
    }
  })

  test('refuses a delivery without proof', () => {
    expect(outcomeOf(verifierOf(key)(deliveryOf('{}', {})))).toBe('SIGNATURE_MISSING')
  })

  test('takes anything where the operator asked for no proof', () => {
    const verdict = verifierOf(key, { unsigned: true })(deliveryOf('{"id":"x"}', {}))
    expect(outcomeOf(verdict)).toBe('verified')
  })
})

/** Rows whose samples have ids that are numbers, or parts of none. */
const OWN_IDS: ReadonlySet<string> = new Set(['npm', 'telegram', 'xero'])

/** Whether nobody but the provider can sign: code, and no way to stand in for it. */
function isForeign({ schemes }: ProviderRow): boolean {
  return schemes.every((scheme) => scheme.kind === 'code' && scheme.sign === undefined)
}

function hasNoId(row: ProviderRow): boolean {
  const isSigned = row.schemes.some((scheme) => 'idHeader' in scheme && scheme.idHeader)
  return !isSigned && row.id.length === 0 && (row.batch?.id.length ?? 0) === 0
}

function eventsOf(verdict: Verdict): readonly Verified[] {
  if (verdict.kind === 'batch') return verdict.events
  return [expectVerified(verdict)]
}

describe('a row does not pass', () => {
  const cases: [string, unknown][] = [
    ['with a field that the engine does not know', { ...github, batches: 'events' }],
    [
      'with a kind that it does not implement',
      { ...github, schemes: [{ ...githubScheme, kind: 'rot13' }] },
    ],
    [
      'with a signature in a place that it does not read',
      {
        ...github,
        schemes: [{ ...githubScheme, signatures: [{ at: 'cookie:s', format: 'raw' }] }],
      },
    ],
    [
      'with a part of the signed text that it cannot splice',
      { ...github, schemes: [{ ...githubScheme, signed: '{host}{body}' }] },
    ],
    [
      'with {ts} and no timestamp',
      { ...github, schemes: [{ ...githubScheme, signed: '{ts}{body}' }] },
    ],
    [
      'with {id} and no header for it',
      { ...github, schemes: [{ ...githubScheme, signed: '{id}{body}' }] },
    ],
    [
      'with a config field that it does not declare',
      { ...github, id: ['header:{config:nowhere}'] },
    ],
    ['with a selector from an unknown place', { ...github, id: ['cookie:id'] }],
  ]
  test.each(cases)('%s', (_, row) => {
    expect(ProviderRow.safeParse(row).success).toBe(false)
  })
})
