import { expect, test } from 'bun:test'
import type { Delivery, Verdict } from '../src/delivery.ts'
import { counting, countUses, type ProofCounts, type RefusalCounts } from '../src/secret-uses.ts'
import { Skew } from '../src/skew.ts'
import { sampleDelivery, sampleVerified } from './support/verified.ts'

const delivery = sampleDelivery('{}')

/** Takes everything, proved by the secret at this place. */
function provedBy(secretIndex: number | undefined): (delivery: Delivery) => Verdict {
  return () => sampleVerified({}, { secretIndex })
}

function refused(): Verdict {
  return { kind: 'refused', code: 'SIGNATURE_MISMATCH', detail: '', step: 'mismatch' }
}

function counts(uses: ProofCounts['uses'], refusals: RefusalCounts = new Map()): ProofCounts {
  return { uses, refusals, skew: new Skew() }
}

test('each secret counts the deliveries that it proved, and when the last one came', () => {
  const uses = countUses(['new', 'old'])
  counting(provedBy(1), counts(uses))(delivery)
  counting(provedBy(1), counts(uses))(delivery)

  expect(uses).toMatchObject([
    { deliveries: 0, lastUsedAt: null },
    { deliveries: 2, lastUsedAt: delivery.receivedAt },
  ])
})

test('what is refused, or was taken without proof, counts for none', () => {
  const uses = countUses(['new'])
  counting(refused, counts(uses))(delivery)
  counting(provedBy(undefined), counts(uses))(delivery)

  expect(uses).toMatchObject([{ deliveries: 0, lastUsedAt: null }])
})

test('what is not proven is counted by the step that failed', () => {
  const refusals: RefusalCounts = new Map()
  const verify = counting(refused, counts(countUses(['new']), refusals))
  verify(delivery)
  verify(delivery)

  expect([...refusals]).toEqual([['mismatch', 2]])
})

test('the clock is compared with what is proven, also with what is refused for its time', () => {
  const stale = { kind: 'refused', code: 'SIGNATURE_EXPIRED', detail: '', step: 'stale' } as const
  const ports = counts([])
  const signedAt = delivery.receivedAt - 3_600_000
  for (let each = 0; each < 16; each += 1) counting(() => ({ ...stale, signedAt }), ports)(delivery)
  counting(refused, ports)(delivery)

  expect(ports.skew.medianMs()).toBe(3_600_000)
})

test('a secret that is configured again goes on counting, wherever it stands', () => {
  const before = countUses(['old'])
  counting(provedBy(0), counts(before))(delivery)

  expect(countUses(['new', 'old'], before)).toMatchObject([{ deliveries: 0 }, { deliveries: 1 }])
})

test('a secret cannot be read from what is kept of it', () => {
  expect(JSON.stringify(countUses(['made-up-secret']))).not.toContain('made-up-secret')
})

test('our clock against what is signed: the median, so that one late delivery is nothing', () => {
  const skew = new Skew()
  const proofs = { ...counts([]), skew }
  const { receivedAt } = delivery
  for (let each = 0; each < 20; each += 1) {
    counting(() => sampleVerified({}, { signedAt: receivedAt - 90_000 }), proofs)(delivery)
    if (each === 10) expect(skew.medianMs()).toBeNull()
  }
  counting(() => sampleVerified({}, { signedAt: receivedAt - 280_000 }), proofs)(delivery)

  expect(skew.medianMs()).toBe(90_000)
})
