import { describe, expect, test } from 'bun:test'
import { systemClock, type Clock } from '../../src/clock.ts'
import { openSynced } from '../../src/relay/synced.ts'

const FOREVER_MS = 60_000
const never = new AbortController().signal

describe('the doorbell', () => {
  test('wakes a waiting relay when more is synced', async () => {
    const synced = openSynced(3, systemClock)
    const waiting = synced.next({ after: 3, ms: FOREVER_MS, signal: never })
    synced.advance(4, 0)
    await waiting
    expect(synced.current()).toBe(4)
  })

  test('does not wait for what is synced already', async () => {
    const synced = openSynced(3, systemClock)
    synced.advance(4, 0)
    await synced.next({ after: 3, ms: FOREVER_MS, signal: never })
  })

  test('never goes back', () => {
    const synced = openSynced(3, systemClock)
    synced.advance(2, 0)
    expect(synced.current()).toBe(3)
  })

  test('knows how long the line is, also where nothing more is synced', () => {
    const synced = openSynced(3, systemClock)
    expect(synced.lineMs()).toBe(0)
    synced.advance(4, 250)
    expect(synced.lineMs()).toBe(250)
    synced.advance(4, 0)
    expect(synced.lineMs()).toBe(0)
  })

  test('rings once, also when nobody waits yet', async () => {
    const slept: number[] = []
    const clock: Clock = {
      ...systemClock,
      sleep(ms) {
        slept.push(ms)
        return Promise.resolve()
      },
    }
    const synced = openSynced(3, clock)
    synced.ring()
    expect(synced.rings()).toBe(1)
    await synced.next({ after: 3, ms: FOREVER_MS, signal: never })
    expect(slept).toEqual([])
    await synced.next({ after: 3, ms: FOREVER_MS, signal: never })
    expect(slept).toEqual([FOREVER_MS])
  })

  test('wakes when the relay is stopped', async () => {
    const stop = new AbortController()
    const synced = openSynced(3, systemClock)
    const waiting = synced.next({ after: 3, ms: FOREVER_MS, signal: stop.signal })
    stop.abort()
    await waiting
  })
})
