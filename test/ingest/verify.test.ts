import { expect, test } from 'bun:test'
import type { Refused, Verdict } from '../../src/delivery.ts'
import { verify } from '../../src/ingest/verify.ts'
import type { Source } from '../../src/source.ts'
import { sampleDelivery, sampleVerified } from '../support/verified.ts'

const delivery = sampleDelivery('{}')
const VERIFIED = sampleVerified({})
const AWAY = { kind: 'refused', code: 'OUTBOUND_FAILED', detail: 'x' } as const satisfies Refused

/** A source whose verifier gives these verdicts, one after the other. */
function sourceOf(...verdicts: Verdict[]): { readonly source: Source; readonly left: Verdict[] } {
  const source = {
    name: 'paypal',
    provider: 'paypal',
    unsigned: false,
    neverRetries: false,
    methods: ['POST'],
    file: undefined,
    route: () => undefined,
    verify: () => verdicts.shift() ?? AWAY,
  }
  return { source, left: verdicts }
}

function keyNeeded(fetched: Refused | undefined, calls: string[] = []): Verdict {
  return {
    kind: 'key-needed',
    fetch() {
      calls.push('fetched')
      return Promise.resolve(fetched)
    },
  }
}

test('a delivery that needs a key is verified again once it is there', async () => {
  const calls: string[] = []
  const { source } = sourceOf(keyNeeded(undefined, calls), VERIFIED)

  expect(await verify(delivery, source)).toBe(VERIFIED)
  expect(calls).toEqual(['fetched'])
})

test('a key that cannot be had is our failure: the provider sends it again', async () => {
  const { source, left } = sourceOf(keyNeeded(AWAY), VERIFIED)

  expect(await verify(delivery, source)).toBe(AWAY)
  expect(left).toHaveLength(1)
})

test('no delivery waits for a second key', async () => {
  const calls: string[] = []
  const { source } = sourceOf(keyNeeded(undefined, calls), keyNeeded(undefined, calls), VERIFIED)

  expect(await verify(delivery, source)).toMatchObject({ kind: 'refused', code: 'OUTBOUND_FAILED' })
  expect(calls).toEqual(['fetched'])
})
