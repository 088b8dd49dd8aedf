/** Signed times: every provider's own unit and window, in both directions. */
import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { parseTimestamp } from '../../src/providers/engine/timestamp.ts'
import type { ProviderRow } from '../../src/providers/row.ts'
import { sampleEvents, signSample } from '../../src/providers/sign.ts'
import type { Timestamp } from '../../src/providers/schemes.ts'
import {
  configOf,
  deliveryOf,
  NOW,
  outcomeOf,
  sampleDelivery,
  secretsOf,
  signed,
  URL,
  verifierOf,
  withHeaders,
} from './support.ts'

const SECOND = 1000
const TAKEN = /^(?:verified|batch|handshake)$/

/** Rows whose first scheme dates what it signs, with how. */
const DATED = [...CATALOGUE.values()].flatMap((row) => {
  const [scheme] = row.schemes
  const timestamp = scheme !== undefined && 'timestamp' in scheme ? scheme.timestamp : undefined
  return timestamp === undefined ? [] : [{ key: row.key, row, timestamp }]
})

function sampleOf(row: ProviderRow, config = configOf(row)) {
  const [type = ''] = sampleEvents(row)
  const secret = secretsOf(row.key).sign
  const sample = signSample(row, { secret, type, config, url: URL, eventId: 'event-1', now: NOW })
  return sampleDelivery(sample)
}

describe.each(DATED.map(({ key, ...rest }) => [key, rest] as const))('%s', (key, dated) => {
  const { row, timestamp } = dated
  // Grafana names the header only where its contact point does.
  const config = { ...configOf(row), ...(key === 'grafana' ? { timestamp_header: 'x-at' } : {}) }
  const delivery = sampleOf(row, config)
  const verdictAt = (ms: number) => verifierOf(key, { config, now: () => NOW + ms })(delivery)
  const at = (ms: number) => outcomeOf(verdictAt(ms))

  test('is taken up to the end of its window, and neither before nor after', () => {
    const { toleranceSeconds } = timestamp
    expect(at(0)).toMatch(TAKEN)
    expect(at(toleranceSeconds * SECOND)).toMatch(TAKEN)
    expect(at(-toleranceSeconds * SECOND)).toMatch(TAKEN)
    expect(at((toleranceSeconds + 1) * SECOND)).toBe('SIGNATURE_EXPIRED')
    expect(at(-(toleranceSeconds + 1) * SECOND)).toBe('SIGNATURE_EXPIRED')
  })

  test('says when it was signed where its signature holds and its time does not', () => {
    const offMs = (timestamp.toleranceSeconds + 60) * SECOND
    for (const ms of [offMs, -offMs]) {
      const verdict = verdictAt(ms)
      const signedAt = 'signedAt' in verdict ? (verdict.signedAt ?? 0) : 0
      expect(Math.abs(signedAt - NOW)).toBeLessThanOrEqual(SECOND)
    }
  })

  test('is refused with its time taken away, doubled or decorated', () => {
    const [place, name = ''] = timestamp.from.split(':')
    if (place !== 'header') return
    const header = name === '{config' ? 'x-at' : name
    const genuine = delivery.headers.get(header) ?? ''
    expect(genuine).not.toBe('')
    const verify = verifierOf(key, { config })
    expect(outcomeOf(verify(withHeaders(delivery, { [header]: null })))).toBe('SIGNATURE_MISSING')
    for (const value of [`${genuine}0`, `0${genuine}`, `+${genuine}`, `${genuine}, ${genuine}`]) {
      expect(outcomeOf(verify(withHeaders(delivery, { [header]: value })))).toStartWith(
        'SIGNATURE_',
      )
    }
  })
})

test('the windows that differ from five minutes are the providers’ own', () => {
  const other = DATED.filter(({ timestamp }) => timestamp.toleranceSeconds !== 300)
  expect(
    Object.fromEntries(other.map(({ key, timestamp }) => [key, timestamp.toleranceSeconds])),
  ).toMatchObject({ paddle: 5, linear: 60, workos: 180, cloudinary: 7200, elevenlabs: 1800 })
  expect(other.filter(({ timestamp }) => !timestamp.official)).toEqual([])
})

test.each([
  ['s', '1614265330', 1_614_265_330_000],
  ['ms', '1614265330123', 1_614_265_330_123],
  ['iso', '2021-02-25T15:02:10Z', 1_614_265_330_000],
  ['iso', '2021-02-25T16:02:10.5+01:00', 1_614_265_330_500],
  ['iso', '2021-02-25T15:02:10.123456789Z', 1_614_265_330_123],
] as const)('a time in %s: %s', (unit, text, at) => {
  expect(parseTimestamp(text, unit)).toBe(at)
})

const NO_TIMES: readonly [Timestamp['unit'], readonly string[]][] = [
  ['s', ['', ' 1614265330', '1614265330abc', '1e9', '0x1', '-1', '1614265330.0', '9'.repeat(13)]],
  ['ms', ['1614265330123 ', '1.6e12', '+1614265330123', '\u0661\u0662', '9'.repeat(16)]],
  [
    'iso',
    [
      '1614265330',
      '2021-02-25',
      '2021-02-25 15:02:10Z',
      '2021-02-25T15:02:10',
      '2021-02-25T15:02:10z',
      '2021-13-25T15:02:10Z',
      '2021-02-25T25:02:10Z',
      '2021-02-25T15:02:10.Z',
      '2021-02-25T15:02:10Z\n',
      'Thu, 25 Feb 2021 15:02:10 GMT',
    ],
  ],
]
test.each(NO_TIMES)('what is no time in %s', (unit, texts) => {
  for (const text of texts) expect(parseTimestamp(text, unit)).toBeUndefined()
})

test('Sentry’s time is not signed: it is not looked at', () => {
  const delivery = signed('sentry', '{"action":"created"}')
  const odd = withHeaders(delivery, { 'sentry-hook-timestamp': '1' })
  expect(outcomeOf(verifierOf('sentry')(odd))).toBe('verified')
})

test('Zendesk’s time is ISO 8601, and signed as it was written', () => {
  const secret = secretsOf('zendesk').verify
  const at = new Date(NOW).toISOString().replace('.000', '')
  const mac = createHmac('sha256', secret).update(`${at}{}`).digest('base64')
  const headers = {
    'x-zendesk-webhook-signature': mac,
    'x-zendesk-webhook-signature-timestamp': at,
  }
  expect(outcomeOf(verifierOf('zendesk')(deliveryOf('{}', headers)))).toBe('verified')
  const padded = { ...headers, 'x-zendesk-webhook-signature-timestamp': at.replace('Z', '.000Z') }
  expect(outcomeOf(verifierOf('zendesk')(deliveryOf('{}', padded)))).toBe('SIGNATURE_MISMATCH')
})
