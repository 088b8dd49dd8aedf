import { expect, test } from 'bun:test'
import { TAIL_PING_MS, TAIL_WAITING_MAX, TAILS_MAX } from '../src/limits/admin.ts'
import { openTail } from '../src/tail.ts'
import { manualClock } from './support/manual-clock.ts'

const ACCEPTED = { kind: 'accepted', seq: 1, eventId: 'e1', type: 'push', state: 'failed' } as const

/** The events of a stream that have come so far. */
function read(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  return {
    next: async () => {
      const { value, done } = await reader.read()
      return done ? 'the end' : decoder.decode(value)
    },
    cancel: () => reader.cancel(),
  }
}

test('each delivery is said to those who watch its source', async () => {
  const tail = openTail(manualClock())
  const all = read(tail.watch(undefined))
  const shop = read(tail.watch('shop'))
  tail.see('github', { ...ACCEPTED, reason: 'HANDLER_FAILED: no' })
  tail.see('shop', { kind: 'handshake' })
  tail.see('shop', { kind: 'split', events: 3, duplicates: 1 })
  tail.see(undefined, { kind: 'refused', code: 'SOURCE_UNKNOWN' })

  expect([await all.next(), await shop.next()]).toEqual([':\n\n', ':\n\n'])
  expect(await all.next()).toBe(
    'event: delivery\ndata: {"at":"2026-01-01T00:00:00.000Z","source":"github",' +
      '"outcome":"accepted","seq":1,"eventId":"e1","type":"push","state":"failed",' +
      '"reason":"HANDLER_FAILED: no"}\n\n',
  )
  for (const stream of [all, shop]) {
    expect(await stream.next()).toContain('"reason":"3 events, 1 of them known"')
  }
  expect(await all.next()).toContain('"outcome":"refused"')
})

test('who is too slow is told how many it missed, and holds up nobody', async () => {
  const tail = openTail(manualClock())
  const slow = read(tail.watch(undefined))
  for (let seq = 1; seq <= TAIL_WAITING_MAX + 9; seq += 1) tail.see('s', { ...ACCEPTED, seq })
  for (let n = 0; n < TAIL_WAITING_MAX; n += 1) await slow.next()
  tail.see('s', { ...ACCEPTED, seq: 9_999 })

  expect(await slow.next()).toBe('event: dropped\ndata: {"count":10}\n\n')
  expect(await slow.next()).toContain('"seq":9999')
})

test('so many watch at once, and who has gone makes room', async () => {
  const tail = openTail(manualClock())
  const streams = Array.from({ length: TAILS_MAX }, () => read(tail.watch(undefined)))

  expect(() => tail.watch(undefined)).toThrow('QUERIES_BUSY')
  await streams[0]?.cancel()
  expect(() => tail.watch(undefined)).not.toThrow()
})

test('silence is broken, and the end is said', async () => {
  const clock = manualClock()
  const tail = openTail(clock)
  const stopping = new AbortController()
  const running = tail.run(stopping.signal)
  const stream = read(tail.watch(undefined))
  expect(await stream.next()).toBe(':\n\n')
  clock.advance(TAIL_PING_MS)
  expect(await stream.next()).toBe(':\n\n')
  stopping.abort()
  await running
  expect(await stream.next()).toBe('the end')
})
