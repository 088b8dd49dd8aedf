import { describe, expect, test } from 'bun:test'
import { systemClock, type Clock } from '../../src/clock.ts'
import { NO_INTAKE, openSynced } from '../../src/relay/synced.ts'

const FOREVER_MS = 60_000
const never = new AbortController().signal

describe('the doorbell', () => {
  test('wakes a waiting relay when more is synced', async () => {
    const synced = openSynced(3, systemClock)
    const waiting = synced.next({ after: 3, ms: FOREVER_MS, signal: never })
    synced.advance(4, NO_INTAKE)
    await waiting
    expect(synced.current()).toBe(4)
  })

  test('does not wait for what is synced already', async () => {
    const synced = openSynced(3, systemClock)
    synced.advance(4, NO_INTAKE)
    await synced.next({ after: 3, ms: FOREVER_MS, signal: never })
  })

  test('never goes back', () => {
    const synced = openSynced(3, systemClock)
    synced.advance(2, NO_INTAKE)
    expect(synced.current()).toBe(3)
  })

  test('knows how deliveries fare, also where nothing more is synced', () => {
    const synced = openSynced(3, systemClock)
    expect(synced.intake()).toEqual({ lineMs: 0, isRefusing: false })
    synced.advance(4, { lineMs: 250, isRefusing: true })
    expect(synced.intake()).toEqual({ lineMs: 250, isRefusing: true })
    synced.advance(4, NO_INTAKE)
    expect(synced.intake()).toEqual({ lineMs: 0, isRefusing: false })
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
