/** What a verification costs, in time of the processor: other processes do not count. */
import { expect, test } from 'bun:test'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import type { ProviderRow } from '../../src/providers/row.ts'
import { sampleEvents, signSample } from '../../src/providers/sign.ts'
import { configOf, NOW, outcomeOf, sampleDelivery, secretsOf, URL, verifierOf } from './support.ts'

const SMALL_BYTES = 8 * 1024
const GROWTH = 8

/** Half of what it would be, were each byte looked at once for each other byte. */
const COST_GROWTH_MAX = (GROWTH * GROWTH) / 2

const TAKEN = /: (?:verified|batch)$/

/** The row's sample, with a text of so many bytes in it; undefined where it is no object. */
function largeDelivery(row: ProviderRow, bytes: number) {
  const [type = ''] = sampleEvents(row)
  const sample = row.samples[type]?.({ eventId: 'evt-1', now: NOW })
  if (typeof sample !== 'object' || sample === null || Array.isArray(sample)) return undefined
  const large = { ...sample, padding: 'ä"\\x'.repeat(bytes / 8) }
  return sampleDelivery(
    signSample(
      { ...row, samples: { [type]: () => large } },
      {
        secret: secretsOf(row.key).sign,
        config: configOf(row),
        url: URL,
        type,
        eventId: 'evt-1',
        now: NOW,
      },
    ),
  )
}

/** In µs, the least of several: the first ones also compile. */
function cost(key: string, delivery: ReturnType<typeof sampleDelivery>): number {
  const verify = verifierOf(key)
  const costs = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage()
    verify(delivery)
    const { user, system } = process.cpuUsage(before)
    return user + system
  })
  return Math.min(...costs)
}

test('no verification costs more than its body grows', () => {
  let compared = 0
  for (const row of CATALOGUE.values()) {
    const small = largeDelivery(row, SMALL_BYTES)
    const large = largeDelivery(row, SMALL_BYTES * GROWTH)
    if (small === undefined || large === undefined) continue
    expect(`${row.key}: ${outcomeOf(verifierOf(row.key)(large))}`).toMatch(TAKEN)
    const growth = cost(row.key, large) / Math.max(1, cost(row.key, small))
    expect([row.key, growth < COST_GROWTH_MAX]).toEqual([row.key, true])
    compared += 1
  }
  expect(compared).toBeGreaterThan(120)
}, 30_000)
