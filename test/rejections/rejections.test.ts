import { describe, expect, test } from 'bun:test'
import type { Refused } from '../../src/delivery.ts'
import {
  REJECTED_BODY_BYTES_MAX,
  REJECTED_BYTES_MAX,
  REJECTED_PER_SECOND,
  REJECTED_PER_SOURCE_MAX,
} from '../../src/limits/observing.ts'
import type { Rejection } from '../../src/rejection.ts'
import { openRejections } from '../../src/rejections/rejections.ts'
import { manualClock } from '../support/manual-clock.ts'

const mismatch: Refused = {
  kind: 'refused',
  code: 'SIGNATURE_MISMATCH',
  detail: 'x-hub-signature-256 does not match the body',
  step: 'mismatch',
}

function world(keepsBodies = false) {
  const clock = manualClock()
  const rejections = openRejections({ clock, keepsBodies })
  function keep(changes: Partial<Rejection> = {}, headers: Record<string, string> = {}) {
    const request = { method: 'POST', headers: new Headers(headers) }
    const body = new TextEncoder().encode('{"card":"4242"}')
    const given = { source: 'github', address: '192.0.2.1', request, body, refused: mismatch }
    rejections.keep({ ...given, ...changes })
  }
  const list = (source?: string | null) =>
    rejections.list({ limit: 1_000, ...(source === undefined ? {} : { source }) })
  return { clock, rejections, keep, list }
}

describe('what is refused', () => {
  test('is kept with what failed, newest first, and without its body', () => {
    const { clock, keep, list } = world()
    keep()
    clock.advance(1_000)
    keep({ source: undefined, body: undefined })

    expect(list().rejected).toMatchObject([
      { id: 2, source: null, bodyBytes: null },
      { id: 1, source: 'github', step: 'mismatch', code: 'SIGNATURE_MISMATCH', bodyBytes: 15 },
    ])
    expect(list('github').rejected.map(({ id }) => id)).toEqual([1])
    expect(list(null).rejected.map(({ id }) => id)).toEqual([2])
    expect(list().rejected.every(({ body }) => body === null)).toBe(true)
  })

  test('is kept with its body where the operator asks for that, if it is not large', () => {
    const { keep, list } = world(true)
    keep()
    keep({ body: new Uint8Array(REJECTED_BODY_BYTES_MAX + 1) })

    const [large, small] = list().rejected
    expect([large?.body, large?.bodyBytes]).toEqual([null, REJECTED_BODY_BYTES_MAX + 1])
    expect(new TextDecoder().decode(small?.body ?? undefined)).toBe('{"card":"4242"}')
  })

  test('shows no secret: of a header that nobody has vouched for only its form', () => {
    const { keep, list } = world()
    const secret = 'c0ffee'.repeat(8)
    keep(
      {},
      {
        authorization: `Bearer ${secret}`,
        'x-hub-signature-256': `sha256=${secret}`,
        'x-gitlab-token': 'short-token',
        'x-token': 'Zm9vYmFyMTI=',
        'svix-signature': `v1,${secret}`,
        cookie: `session=${secret}`,
        'x-github-event': 'push',
        'user-agent': 'GitHub-Hookshot/1',
      },
    )

    const { headers } = list().rejected[0] ?? {}
    expect(headers).toEqual({
      authorization: 'Bearer c0ff… (55 characters)',
      'x-hub-signature-256': 'sha256=c0ff… (55 characters)',
      'x-gitlab-token': 's… (11 characters)',
      'x-token': 'Z… (12 characters)',
      'svix-signature': 'v1,c0ff… (51 characters)',
      cookie: 'session=c0ff… (56 characters)',
      'x-github-event': 'push',
      'user-agent': 'GitHub-Hookshot/1',
    })
  })

  test('is not kept where the door turned it away: that is counted by its reason', () => {
    const { keep, list } = world()
    keep({ refused: { kind: 'refused', code: 'RATE_LIMITED', detail: '', isSummedUp: true } })

    expect(list()).toEqual({ rejected: [], dropped: 0 })
  })
})

describe('a flood', () => {
  test('is sampled, and says how much is missing', () => {
    const { clock, keep, list } = world()
    for (let each = 0; each < 1_000; each += 1) keep()
    expect(list().rejected).toHaveLength(REJECTED_PER_SECOND)
    expect(list().dropped).toBe(1_000 - REJECTED_PER_SECOND)
    clock.advance(1_000)
    keep()
    expect(list().rejected).toHaveLength(REJECTED_PER_SECOND + 1)
  })

  test('leaves a source no more than its share', () => {
    const { clock, keep, list } = world()
    for (let each = 0; each < REJECTED_PER_SOURCE_MAX + 10; each += 1) {
      keep()
      clock.advance(1_000)
    }
    expect(list().rejected).toHaveLength(REJECTED_PER_SOURCE_MAX)
    expect(list().rejected.at(-1)?.id).toBe(11)
  })

  test('of large requests to many sources stays within its memory, and leaves others theirs', () => {
    const { clock, rejections, keep, list } = world(true)
    keep({ source: 'quiet' })
    const body = new Uint8Array(REJECTED_BODY_BYTES_MAX)
    const headers = Object.fromEntries(
      Array.from({ length: 100 }, (_, at) => [`x-${at}-event`, 'e'.repeat(400)]),
    )
    for (let each = 0; each < 400; each += 1) {
      keep({ source: `loud-${each % 4}`, body }, headers)
      clock.advance(100)
    }
    expect(rejections.bytes).toBeLessThanOrEqual(REJECTED_BYTES_MAX)
    expect(rejections.bytes).toBeGreaterThan(REJECTED_BYTES_MAX / 2)
    expect(list('quiet').rejected).toHaveLength(1)
    const kept = list().rejected
    const held = kept.reduce((sum, each) => sum + JSON.stringify(each.headers).length, 0)
    expect(held + kept.length * body.length).toBeLessThan(REJECTED_BYTES_MAX * 1.1)
  })
})
