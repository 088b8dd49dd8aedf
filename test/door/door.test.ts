import { describe, expect, test } from 'bun:test'
import { intakeOf, openDoor, type DoorOptions } from '../../src/door/door.ts'
import type { Visit } from '../../src/door/visit.ts'
import { DOOR_TICK_MS, REFUSED_BURST } from '../../src/limits/limits.ts'
import type { LogFields } from '../../src/log.ts'
import {
  REFUSING_MS,
  SYNC_WAIT_MS_MAX,
  TURN_MS_MAX,
  WAIT_MS_MAX,
} from '../../src/limits/waiting.ts'
import { manualClock } from '../support/manual-clock.ts'

const MEBIBYTE = 1024 * 1024
const MISMATCH = { kind: 'refused', code: 'SIGNATURE_MISMATCH', detail: '' } as const
const ACCEPTED = { kind: 'accepted' } as const

function openWorld(options: Partial<DoorOptions> = {}) {
  const clock = manualClock()
  const lines: { event: string; fields: LogFields | undefined }[] = []
  const write = (event: string, fields?: LogFields) => void lines.push({ event, fields })
  const door = openDoor({
    clock,
    log: { debug: write, info: write, warn: write, error: write },
    trustedProxies: [],
    ratePerAddress: 0,
    ratePerSource: 0,
    connectionsMax: 10,
    inflightBytesMax: MEBIBYTE,
    bodyMsMax: 5_000,
    diskFreeMinBytes: 0,
    freeBytes: () => 0,
    syncingMs: () => 0,
    ...options,
  })
  const running = new AbortController()
  const done = door.run(running.signal)
  return {
    clock,
    door,
    lines,
    enter(peer = '192.0.2.1') {
      return door.enter(new Request('http://gateway'), { peer })
    },
    /** Somebody who is let in. */
    visit(peer = '192.0.2.1'): Visit {
      const visit = door.enter(new Request('http://gateway'), { peer })
      if (visit.kind === 'refused') throw new Error(visit.detail)
      return visit
    },
    /** Lets the door's task have its turn. */
    async tick(times = 1) {
      for (let n = 0; n < times; n += 1) {
        clock.advance(DOOR_TICK_MS)
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
      }
    },
    async [Symbol.asyncDispose]() {
      running.abort()
      await done
    },
  }
}

describe('the rate of an address', () => {
  test('refuses what brings nothing that verifies, with the time to wait', async () => {
    await using world = openWorld({ ratePerAddress: 1, connectionsMax: 2 })
    for (let n = 0; n < 12; n += 1) {
      const visit = world.visit()
      visit.settle(MISMATCH, false)
      visit.leave()
    }

    expect(world.enter()).toMatchObject({ code: 'RATE_LIMITED', retryAfterS: 1 })
    expect(world.enter('192.0.2.2').kind).toBe('visit')
  })

  test('does not count deliveries that verify, nor our own failures', async () => {
    await using world = openWorld({ ratePerAddress: 1, connectionsMax: 2 })
    const failed = { kind: 'refused', code: 'STORAGE_FAILED', detail: '' } as const
    for (const outcome of [ACCEPTED, { kind: 'duplicate' } as const, failed]) {
      for (let n = 0; n < 100; n += 1) {
        const visit = world.visit()
        expect(visit.settle(outcome, true)).toBe(outcome)
        visit.leave()
      }
    }
  })

  test('does not count that memory has no room for a body, but that one comes too slowly', async () => {
    await using world = openWorld({ ratePerAddress: 1, connectionsMax: 3, inflightBytesMax: 10 })
    world.visit('192.0.2.2').hold(10)
    for (let n = 0; n < 100; n += 1) {
      const visit = world.visit()
      const full = visit.hold(1)
      if (full === undefined) throw new Error('there is no room')
      expect(visit.settle(full, false)).toBe(full)
      visit.leave()
    }
    for (let n = 0; n < 13; n += 1) {
      const visit = world.visit()
      visit.leave()
      const late = visit.hold(1)
      if (late === undefined) throw new Error('it is over')
      expect(visit.settle(late, false)).toBe(late)
    }

    expect(world.enter()).toMatchObject({ code: 'RATE_LIMITED' })
  })

  test('counts what an unsigned source takes: it proves nothing', async () => {
    await using world = openWorld({ ratePerAddress: 1, connectionsMax: 2 })
    for (let n = 0; n < 12; n += 1) {
      const visit = world.visit()
      visit.settle(ACCEPTED, false)
      visit.leave()
    }

    expect(world.enter()).toMatchObject({ code: 'RATE_LIMITED' })
  })
})

test('the rate of a source counts all that is sent to it, from anywhere', async () => {
  await using world = openWorld({ ratePerSource: 1 })
  for (let n = 0; n < 10; n += 1) {
    const visit = world.visit(`192.0.2.${n}`)
    expect(visit.toSource('github')).toBeUndefined()
    visit.settle(ACCEPTED, true)
    visit.leave()
  }
  const visit = world.visit()

  expect(visit.toSource('github')).toMatchObject({ code: 'RATE_LIMITED', retryAfterS: 1 })
  expect(visit.toSource('stripe')).toBeUndefined()
})

test('a sender that guesses is told 429, and what verifies from its address still passes', async () => {
  await using world = openWorld()
  const visit = world.visit()
  for (let n = 0; n < REFUSED_BURST; n += 1) expect(visit.settle(MISMATCH, false)).toBe(MISMATCH)

  expect(visit.settle(MISMATCH, false)).toMatchObject({ code: 'RATE_LIMITED', isSummedUp: true })
  expect(visit.settle(ACCEPTED, true)).toBe(ACCEPTED)
  expect(world.visit('192.0.2.2').settle(MISMATCH, false)).toBe(MISMATCH)
})

test('a caller whose token was right is told what is wrong with its events, however often', async () => {
  await using world = openWorld({ ratePerAddress: 1, connectionsMax: 2 })
  const invalid = { kind: 'refused', code: 'EVENT_INVALID', detail: '' } as const
  for (let n = 0; n < 2 * REFUSED_BURST; n += 1) {
    const visit = world.visit()
    expect(visit.settle(invalid, true)).toBe(invalid)
    visit.leave()
  }
})

describe('open requests', () => {
  test('are bounded, and an answered one makes room', async () => {
    await using world = openWorld({ connectionsMax: 2 })
    const [first] = [world.visit(), world.visit()]

    expect(world.enter()).toMatchObject({ code: 'CONNECTIONS_EXHAUSTED' })
    first?.leave()
    expect(world.enter().kind).toBe('visit')
  })
})

describe('who would wait for too long', () => {
  test('is refused before anything is read, while the line is too long', async () => {
    const turns: (() => void)[] = []
    const nextTurn = (turn: () => void) => void turns.push(turn)
    await using world = openWorld({ nextTurn, connectionsMax: Infinity })
    const { door, clock } = world
    const others = Array.from({ length: 10 * WAIT_MS_MAX + 2 }, () => world.visit())
    await door.begin(async () => clock.advance(TURN_MS_MAX))
    expect(world.visit().leave()).toBeUndefined()
    const waiting = door.begin(async () => 1)
    expect(world.enter()).toMatchObject({ code: 'OVERLOADED', isSummedUp: true })
    const stranger = {
      get peer(): string {
        throw new Error('nobody asks who that is')
      },
    }
    expect(door.enter(new Request('http://gateway'), stranger)).toMatchObject({
      code: 'OVERLOADED',
    })
    expect([...door.turnedAway()]).toEqual([['waiting', 2]])
    clock.advance(7)
    expect([door.shedAgoMs(), intakeOf(door).isRefusing]).toEqual([7, true])
    clock.advance(REFUSING_MS - 8)
    expect(intakeOf(door).isRefusing).toBe(true)
    clock.advance(1)
    expect(intakeOf(door).isRefusing).toBe(false)

    // Who is still sending does not keep this thread busy.
    const sending = others.slice(0, 2).map((visit) => visit.read(new Promise(() => undefined)))
    expect(world.enter().kind).toBe('visit')
    expect(sending.length).toBe(2)
    for (const turn of turns) turn()
    expect(await waiting).toBe(1)
  })

  test('is refused while the disk takes too long to make a commit durable', async () => {
    let syncingMs = SYNC_WAIT_MS_MAX
    await using world = openWorld({ syncingMs: () => syncingMs })
    expect([world.enter().kind, world.door.shedAgoMs()]).toEqual(['visit', null])
    expect(intakeOf(world.door).isRefusing).toBe(false)
    syncingMs += 1
    expect(world.enter()).toMatchObject({ code: 'OVERLOADED' })
    syncingMs = 0
    expect(world.enter().kind).toBe('visit')
  })
})

describe('bytes in flight', () => {
  test('are bounded over all bodies, and go when their visit leaves', async () => {
    await using world = openWorld({ inflightBytesMax: 100 })
    const [one, two] = [world.visit(), world.visit('192.0.2.2')]
    expect(one.hold(60)).toBeUndefined()

    expect(two.hold(41)).toMatchObject({ code: 'OVERLOADED' })
    expect(two.hold(40)).toBeUndefined()
    expect(world.door.status()).toMatchObject({ openRequests: 2, inflightBytes: 100 })
    one.leave()
    two.leave()
    expect(world.door.status()).toMatchObject({ openRequests: 0, inflightBytes: 0 })
  })

  test('are counted when they are declared only while there is ample room', async () => {
    await using world = openWorld({ inflightBytesMax: 100 })
    const [one, two] = [world.visit(), world.visit('192.0.2.2')]

    expect([one.holdDeclared(51), one.holdDeclared(50), two.holdDeclared(1)]).toEqual([
      false,
      true,
      false,
    ])
    expect(two.hold(50)).toBeUndefined()
    one.leave()
    two.leave()
    expect(world.door.status().inflightBytes).toBe(0)
  })

  test('what arrives after a visit left has no owner, and is not counted', async () => {
    await using world = openWorld()
    const visit = world.visit()
    visit.leave()

    expect(visit.hold(1)).toMatchObject({ kind: 'refused' })
    expect(world.door.status().inflightBytes).toBe(0)
  })
})

describe('a body', () => {
  test('that takes too long is cut off, the others are not', async () => {
    await using world = openWorld()
    const slow = world.visit()
    const read = slow.read(new Promise<string>(() => undefined))
    await world.tick(4)
    const quick = Promise.withResolvers<string>()
    const later = world.visit().read(quick.promise)
    await world.tick()

    expect(await read).toMatchObject({ code: 'BODY_TOO_SLOW' })
    expect(slow.hold(1)).toMatchObject({ code: 'BODY_TOO_SLOW' })
    quick.resolve('body')
    expect(await later).toBe('body')
  })

  test('that breaks off rejects as it did', async () => {
    await using world = openWorld()
    const broken = world.visit().read(Promise.reject(new Error('reset')))

    await expect(broken).rejects.toThrow('reset')
  })
})

describe('a disk that is nearly full', () => {
  test('closes the door, and opens it well above the limit', async () => {
    let free = 1000
    await using world = openWorld({ diskFreeMinBytes: 1000, freeBytes: () => free })
    expect(world.enter().kind).toBe('visit')
    for (const [bytes, isLow] of [
      [999, true],
      [1249, true],
      [1250, false],
      [1000, false],
    ] as const) {
      free = bytes
      await world.tick()
      expect([world.door.status().diskIsLow, world.enter().kind]).toEqual([
        isLow,
        isLow ? 'refused' : 'visit',
      ])
    }

    expect(world.enter()).toMatchObject({ kind: 'visit' })
    expect(world.lines.map(({ event }) => event)).toEqual([
      'disk.low',
      'door.refused',
      'disk.enough',
      'door.refused',
    ])
  })

  test('is seen before the first request', async () => {
    await using world = openWorld({ diskFreeMinBytes: 1000, freeBytes: () => 999 })

    expect(world.enter()).toMatchObject({ code: 'DISK_LOW' })
  })

  test('that cannot be looked at stays what it was, and says so once', async () => {
    let look = () => 2000
    await using world = openWorld({ diskFreeMinBytes: 1000, freeBytes: () => look() })
    look = () => {
      throw new Error('EIO')
    }
    await world.tick(3)

    expect(world.door.status()).toMatchObject({ diskIsLow: false, diskFreeBytes: 2000 })
    expect(world.lines.map(({ event }) => event)).toEqual(['disk.unseen'])
  })
})

test('a flood writes one line a second and reason', async () => {
  await using world = openWorld({ connectionsMax: 1 })
  world.visit()
  for (let n = 0; n < 1000; n += 1) world.enter(`192.0.2.${n % 200}`)
  await world.tick(3)

  expect(world.lines).toHaveLength(1)
  expect(world.lines[0]).toMatchObject({
    event: 'door.refused',
    fields: { reason: 'connections', count: 1000, code: 'CONNECTIONS_EXHAUSTED' },
  })
})
