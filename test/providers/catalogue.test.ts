import { describe, expect, test } from 'bun:test'
import type { VerifiedBody } from '../../src/delivery.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { ProviderRow } from '../../src/providers/row.ts'
import { sampleEvents, signSample } from '../../src/providers/sign.ts'
import {
  deliveryOf,
  expectVerified,
  NOW,
  outcomeOf,
  rowOf,
  secretsOf,
  verifierOf,
  withBody,
} from './support.ts'

const github = rowOf('github')
const [githubScheme] = github.schemes

describe.each([...CATALOGUE.keys()])('%s', (key) => {
  const row = rowOf(key)
  const secret = secretsOf(key).sign

  test('has a valid row under its own key', () => {
    expect(ProviderRow.safeParse(row).error?.issues ?? []).toEqual([])
    expect(row.key).toBe(key)
  })

  test('has samples that it verifies, with their type and id', () => {
    expect(sampleEvents(row).length).toBeGreaterThan(0)
    for (const type of sampleEvents(row)) {
      const sample = signSample(row, { secret, type, eventId: 'evt-1', now: NOW })
      const verified = expectVerified(verifierOf(key)(deliveryOf(sample.body, sample.headers)))
      expect(verified.type).toBe(type)
      expect(verified.eventId).toBe(key === 'shopify' ? `${type}.evt-1` : 'evt-1')
      expect(verified.eventIdValidMs).toBeUndefined()
    }
  })

  test('gives each sample a partition key, where the row names one', () => {
    for (const type of sampleEvents(row)) {
      const sample = signSample(row, { secret, type, eventId: 'evt-1', now: NOW })
      const delivery = deliveryOf(sample.body, {
        ...sample.headers,
        'x-shopify-shop-domain': 'a.example',
      })
      const isKeyed = expectVerified(verifierOf(key)(delivery)).key !== undefined
      expect(isKeyed).toBe(row.order.length > 0)
    }
  })

  test('takes a body of the caller’s, byte for byte, and no other', () => {
    const body = new TextEncoder().encode(`{ "webhookTimestamp": ${NOW}, "b": "\\u00e9" }\r\n`)
    const sample = signSample(row, { secret, type: 'any', eventId: 'evt-1', now: NOW, body })
    const delivery = deliveryOf(sample.body, sample.headers)
    expect(expectVerified(verifierOf(key)(delivery)).body).toBe(sample.body as VerifiedBody)
    expect(sample.body).toEqual(body)
    const signsNothing = ['token', 'basic'].includes(row.schemes[0]?.kind ?? '')
    const changed = withBody(delivery, `{"webhookTimestamp":${NOW},"b":"é"}`)
    expect(outcomeOf(verifierOf(key)(changed))).toBe(
      signsNothing ? 'verified' : 'SIGNATURE_MISMATCH',
    )
  })

  test('refuses a delivery without a signature, and says which header it misses', () => {
    const verdict = verifierOf(key)(deliveryOf('{}', {}))
    expect(verdict).toMatchObject({ kind: 'refused', code: 'SIGNATURE_MISSING' })
    expect(verdict).toHaveProperty('detail', expect.stringMatching(/^[a-z0-9-]+ is missing$/))
  })

  test('takes anything where the operator asked for no proof', () => {
    const verdict = verifierOf(key, { unsigned: true })(deliveryOf('{"type":"x"}', {}))
    expect(verdict).toMatchObject({ kind: 'verified' })
  })
})

describe('a row does not pass', () => {
  const cases: [string, unknown][] = [
    ['with a field that the engine does not know', { ...github, batch: 'events' }],
    [
      'with a kind that it does not implement',
      { ...github, schemes: [{ ...githubScheme, kind: 'jwt' }] },
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
      'with the name of a header that is not in lower case',
      {
        ...github,
        schemes: [{ ...githubScheme, signatures: [{ at: 'header:X-Sig', format: 'raw' }] }],
      },
    ],
    [
      'with a secret in the text of anything but a plain hash',
      { ...github, schemes: [{ ...githubScheme, signed: '{secret}{body}' }] },
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
