import { describe, expect, test } from 'bun:test'
import { MINUTE_COLUMNS, Traffic, type Ended } from '../../src/readings/traffic.ts'
import { manualClock } from '../support/manual-clock.ts'

const NONE = { accepted: 0, ignored: 0, invalid: 0, failed: 0 }
const failed: Ended = { kind: 'accepted', state: 'failed', handleMs: 800 }
const refused: Ended = { kind: 'refused', code: 'SIGNATURE_MISMATCH' }

function world() {
  const clock = manualClock()
  return { clock, traffic: new Traffic(clock) }
}

describe('a source', () => {
  test('counts deliveries by their answer, and events by what became of them', () => {
    const { traffic } = world()
    const states = { ...NONE, accepted: 2, invalid: 1 }
    const ends: readonly Ended[] = [
      { kind: 'accepted', state: 'accepted', handleMs: 1 },
      failed,
      { kind: 'duplicate', handleMs: 0 },
      { kind: 'split', events: 5, duplicates: 2, states, handleMs: 1 },
      { kind: 'split', events: 2, duplicates: 2, states: NONE, handleMs: 1 },
      { kind: 'handshake', name: 'challenge' },
      refused,
    ]
    for (const end of ends) traffic.count('github', end, 3)

    const github = traffic.of('github')
    expect(github.deliveries).toEqual({
      accepted: 3,
      duplicate: 2,
      handshake: 1,
      refused: 1,
      split: 2,
    })
    expect(github.events).toEqual({ ...NONE, accepted: 3, invalid: 1, failed: 1, duplicate: 5 })
    expect([...github.refused]).toEqual([['SIGNATURE_MISMATCH', 1]])
    expect([...github.handshakes.keys()]).toEqual(['challenge'])
    expect(traffic.ackMs.sum).toBe(5 * 3)
  })

  test('of first parties counts the events of its requests, and an answer that is given again', () => {
    const { traffic } = world()
    traffic.count('shop', { kind: 'accepted', events: 3, duplicates: 1, handleMs: 1 }, 1)
    traffic.count('shop', { kind: 'duplicate', events: 2, handleMs: 0 }, 1)
    traffic.count('shop', { kind: 'replayed' }, 1)

    expect(traffic.of('shop').events).toEqual({ ...NONE, accepted: 2, duplicate: 3 })
    expect(traffic.of('shop').deliveries).toMatchObject({ accepted: 1, duplicate: 2 })
  })

  test('is one of its own where nobody knows its name, whatever that is', () => {
    const { traffic } = world()
    traffic.count(undefined, refused, 1)
    traffic.count(undefined, refused, 1)

    expect(traffic.unknown.deliveries.refused).toBe(2)
    expect([...traffic.sources().keys()]).toEqual([])
  })
})

describe('the last hour', () => {
  test('is kept by minutes, and begins anew after it', () => {
    const { clock, traffic } = world()
    const minutes = () => traffic.of('github').minutes
    traffic.count('github', failed, 1)
    clock.advance(60_000)
    traffic.count('github', refused, 1)
    traffic.count('github', refused, 1)

    const { refused: REFUSED, unhandled: UNHANDLED } = MINUTE_COLUMNS
    expect(minutes().row(clock.now(), 0)[REFUSED]).toBe(2)
    expect(minutes().row(clock.now(), 1)[UNHANDLED]).toBe(1)
    expect(minutes().total(clock.now())[REFUSED]).toBe(2)
    clock.advance(60 * 60_000)
    expect([...minutes().total(clock.now())]).toEqual([0, 0, 0, 0, 0])
    traffic.count('github', refused, 1)
    expect(minutes().row(clock.now(), 0)[REFUSED]).toBe(1)
  })

  test('knows how long answers took', () => {
    const { clock, traffic } = world()
    expect(traffic.ackP99Ms(clock.now(), 0)).toBeNull()
    for (let each = 0; each < 198; each += 1) traffic.count('github', failed, 3)
    expect(traffic.ackP99Ms(clock.now(), 0)).toBe(5)
    for (let each = 0; each < 3; each += 1) traffic.count('github', failed, 90)
    expect(traffic.ackP99Ms(clock.now(), 0)).toBe(100)
  })
})

test('the relay is counted by what its marks store', () => {
  const { clock, traffic } = world()
  const range = { topic: 't', partition: 0, seqFirst: 1, seqLast: 9, baseOffset: '0' }
  const mark = { from: 0, to: 9, exceptions: [], settled: [], at: clock.now() }
  traffic.relay.marked({
    ...mark,
    published: [
      { ...range, records: 5 },
      { ...range, records: 3 },
    ],
  })
  traffic.relay.marked({ ...mark, published: [] })

  expect(traffic.relay).toMatchObject({ batches: 1, published: 8 })
})

describe('the next process', () => {
  test('knows what was usual, and watches from its start', () => {
    const { clock, traffic } = world()
    const hourMs = 60 * 60_000
    for (let hour = 0; hour < 30; hour += 1) {
      traffic.count('github', { kind: 'accepted', handleMs: 0 }, 1)
      clock.advance(hourMs)
    }
    const next = new Traffic(clock)
    next.resumeRhythms(traffic.knownRhythms())
    const { rhythm } = next.of('github')
    expect(rhythm.usualGapMs(clock.now())).toBe(hourMs)
    expect(rhythm.silentSince).toBe(clock.now())
  })

  test('begins anew with what another version wrote', () => {
    const { traffic } = world()
    traffic.resumeRhythms('{"github":{"gapsMs":[1]}}')
    expect(traffic.of('github').rhythm.silentSince).toBeNull()
  })
})
