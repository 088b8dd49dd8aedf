import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/faults/faults.ts'
import type { OutboxEntry } from '../../src/outbox.ts'
import type { PoisonPolicy, Publisher, RelayStatus } from '../../src/relay/ports.ts'
import { runRelay } from '../../src/relay/relay.ts'
import { Crash, POISON_BYTES, World } from './world.ts'

const HOUR_MS = 60 * 60 * 1000

interface RunOptions {
  readonly poisonPolicy?: PoisonPolicy
  readonly batchEntriesMax?: number
  readonly batchBytesMax?: number
  /** Called when the relay waits; true ends it. Default: it ends once everything is settled. */
  readonly onSleep?: () => boolean
}

/** Runs the relay until it has nothing left to do. */
async function run(world: World, { onSleep, ...options }: RunOptions = {}): Promise<void> {
  const stop = new AbortController()
  world.onSleep = () => {
    if (onSleep?.() ?? world.idle) stop.abort()
  }
  await runRelay(world.ports(), { poisonPolicy: 'continue', ...options }, stop.signal)
}

function spoil(world: World, index: number, change: Partial<OutboxEntry>): void {
  const entry = world.entries[index]
  if (entry !== undefined) world.entries[index] = { ...entry, ...change }
}

describe('the straight path', () => {
  test('publishes in order and marks each batch before the next is sent', async () => {
    const world = new World()
    for (let i = 0; i < 5; i += 1) world.add('orders', 'a')
    await run(world, { batchEntriesMax: 2 })

    expect(world.sends).toEqual([[1, 2], [3, 4], [5]])
    expect(world.marks.map(({ from, to }) => [from, to])).toEqual([
      [0, 2],
      [2, 4],
      [4, 5],
    ])
    expect(world.marks[1]?.published).toEqual([
      { topic: 'orders', partition: 1, seqFirst: 3, seqLast: 4, records: 2, baseOffset: '2' },
    ])
  })

  test('counts keys and headers against the size of a batch, and sends a larger record alone', async () => {
    const world = new World()
    for (let i = 0; i < 3; i += 1) world.add('orders', 'a')
    await run(world, { batchBytesMax: 700 })
    expect(world.sends).toEqual([[1, 2], [3]])

    world.add('orders', 'k'.repeat(1_000))
    world.add('orders', 'a')
    await run(world, { batchBytesMax: 700 })
    expect(world.sends.slice(2)).toEqual([[4], [5]])
  })

  test('a crash between publish and mark sends the batch again, and no other', async () => {
    const world = new World()
    for (let i = 0; i < 6; i += 1) world.add('orders', 'a')
    let marks = 0
    world.nextMarkFault = () => ((marks += 1) === 2 ? 'crash-before' : undefined)
    await expect(run(world, { batchEntriesMax: 2 })).rejects.toThrow(Crash)
    await run(world, { batchEntriesMax: 2 })
    expect(world.published()).toEqual([1, 2, 3, 4, 3, 4, 5, 6])
  })

  test('sends nothing while a mark cannot be stored, so that a full disk repeats no batch', async () => {
    const world = new World()
    for (let i = 0; i < 4; i += 1) world.add('orders', 'a')
    let marks = 0
    world.nextMarkFault = () => ((marks += 1) <= 20 ? 'disk-full' : undefined)
    await run(world, { batchEntriesMax: 2 })
    expect(world.published()).toEqual([1, 2, 3, 4])
  })

  test('an entry that cannot be read is blocked with its reason, and stops nobody else', async () => {
    const world = new World()
    for (const key of ['a', 'b', 'c', 'd']) world.add('orders', key)
    spoil(world, 1, { headers: '{' })
    spoil(world, 2, { damage: 'its bytes are gone' })
    await run(world)
    expect(new Set(world.published())).toEqual(new Set([1, 4]))
    expect(new Set(world.withStatus('blocked'))).toEqual(new Set([2, 3]))
    const reason = 'it cannot be read: its bytes are gone'
    expect(world.exceptions.get(3)).toMatchObject({ code: 'STORAGE_DAMAGED', reason })
  })

  test('a mark that is refused for good ends the relay', async () => {
    const world = new World()
    world.add('orders', 'a')
    const ports = { ...world.ports(), mark: () => Promise.reject(new Error('bug')) }
    const running = runRelay(ports, { poisonPolicy: 'continue' }, new AbortController().signal)
    await expect(running).rejects.toThrow('bug')
  })
})

describe('while Kafka does not answer', () => {
  test('an idle relay says so before the first event, and again once it answers', async () => {
    const world = new World()
    const reports: RelayStatus[] = []
    const away = new GatewayError('BROKER_UNAVAILABLE', 'nobody is there')
    const answers: (GatewayError | null)[] = [away, null]
    const ports = world.ports()
    const stop = new AbortController()
    world.onSleep = () => {
      if (answers.length === 0) stop.abort()
    }
    const publisher: Publisher = {
      publish(records) {
        expect(records).toEqual([])
        const fault = answers.shift() ?? null
        return fault === null ? Promise.resolve([]) : Promise.reject(fault)
      },
    }
    const report = (status: RelayStatus) => void reports.push(status)
    await runRelay({ ...ports, publisher, report }, { poisonPolicy: 'continue' }, stop.signal)

    expect(reports.map(({ state }) => state)).toEqual(['starting', 'down', 'up'])
    // Nothing was sent: nothing counts as a send.
    expect(reports.at(-1)).toMatchObject({ sends: 0, failedSends: 0 })
  })

  test('for hours, from the start, nothing leaves the straight path and nothing is given up', async () => {
    const world = new World()
    for (let i = 0; i < 3; i += 1) world.add('orders', 'a')
    const startMs = world.nowMs
    world.nextSendFault = () => (world.nowMs - startMs < 3 * HOUR_MS ? 'unreachable' : undefined)
    await run(world)

    expect(world.exceptions.size).toBe(0)
    expect(world.published()).toEqual([1, 2, 3])
    expect(world.reports.map(({ state }) => state)).toContain('down')
    expect(world.reports.at(-1)).toMatchObject({ state: 'up', position: 3, synced: 3 })
    expect(world.sends.length).toBeLessThan((3 * HOUR_MS) / 7_000)
  })

  test('what fails by itself on the way there gives nothing up either', async () => {
    const world = new World()
    for (let i = 0; i < 3; i += 1) world.add('orders', 'a')
    const ports = world.ports()
    let failures = 0
    const publisher: Publisher = {
      publish: (records) =>
        (failures += 1) <= 3
          ? Promise.reject(new GatewayError('CLIENT_FAILED', 'a bug'))
          : ports.publisher.publish(records),
    }
    const stop = new AbortController()
    world.onSleep = () => {
      if (failures > 3) stop.abort()
    }
    await runRelay({ ...ports, publisher }, { poisonPolicy: 'continue' }, stop.signal)
    expect([world.exceptions.size, world.position]).toEqual([0, 3])
    const faults = world.reports.map(({ fault }) => fault?.code)
    expect(faults).toContain('CLIENT_FAILED')
  })

  test('stopping does not wait for it', async () => {
    const world = new World()
    world.add('orders', 'a')
    world.nextSendFault = () => 'unreachable'
    await run(world, { onSleep: () => true })
    expect(world.position).toBe(0)
    expect(world.marks).toEqual([])
  })

  test('a send that has begun is finished and marked when the relay is stopped', async () => {
    const world = new World()
    world.add('orders', 'a')
    const stop = new AbortController()
    world.nextSendFault = () => {
      stop.abort()
      return undefined
    }
    await runRelay(world.ports(), { poisonPolicy: 'continue' }, stop.signal)
    expect(world.position).toBe(1)
  })
})

describe('a record that Kafka refuses', () => {
  test('is found and blocked; everything else goes on, its key as well', async () => {
    const world = new World()
    for (let i = 1; i <= 40; i += 1)
      world.add('orders', `k${i % 5}`, i === 17 ? POISON_BYTES : undefined)
    await run(world)
    expect(world.exceptions.get(17)).toMatchObject({
      status: 'blocked',
      attempts: 1,
      nextAt: null,
      code: 'RECORD_REJECTED',
      reason: 'too large',
    })
    expect(world.withStatus('blocked')).toEqual([17])
    expect(new Set(world.published()).size).toBe(39)
    expect(world.published()).toContain(22) // the next of its key
    expect(world.published().length - 39).toBeLessThan(40) // repeats less than the batch
  })

  test('with the policy block-key holds its key back unsent, in later batches too', async () => {
    const world = new World()
    world.add('orders', 'a', POISON_BYTES)
    world.add('orders', 'a')
    world.add('orders', 'b')
    world.add('users', 'a')
    await run(world, { poisonPolicy: 'block-key' })
    world.add('orders', 'a')
    world.add('orders', 'b')
    await run(world, { poisonPolicy: 'block-key' })

    expect(world.withStatus('blocked')).toEqual([1, 2, 5])
    expect(world.exceptions.get(5)).toMatchObject({ attempts: 0 })
    expect(new Set(world.published())).toEqual(new Set([3, 4, 6]))
    expect(world.sends.flat()).not.toContain(5)
  })

  test('is sent again, its key in order behind it, once a person lets it go', async () => {
    const world = new World()
    world.add('orders', 'a', POISON_BYTES)
    for (let i = 0; i < 4; i += 1) world.add('orders', 'a')
    await run(world, { poisonPolicy: 'block-key' })
    expect(world.withStatus('blocked')).toEqual([1, 2, 3, 4, 5])

    for (const [seq, exception] of world.exceptions) {
      world.exceptions.set(seq, { ...exception, status: seq === 1 ? 'dead' : 'retry' })
    }
    world.add('orders', 'a')
    await run(world, { poisonPolicy: 'block-key', batchEntriesMax: 2 })
    expect(world.published()).toEqual([2, 3, 4, 5, 6])
  })
})

describe('blocked keys', () => {
  test('are read once, not once a batch, and those that are added meanwhile hold theirs back', async () => {
    const world = new World()
    for (const key of ['a', 'b', 'c']) world.add('orders', key, POISON_BYTES)
    for (const key of ['a', 'b', 'c', 'd']) world.add('orders', key)
    await run(world, { poisonPolicy: 'block-key', batchEntriesMax: 1 })

    expect(world.withStatus('blocked')).toEqual([1, 2, 3, 4, 5, 6])
    expect(world.published()).toEqual([7])
    expect(world.blockedKeysReads).toBe(1)
  })

  test('are read again when the bell rings: what a person lets go is sent', async () => {
    const world = new World()
    world.add('orders', 'a', POISON_BYTES)
    for (let i = 0; i < 3; i += 1) world.add('orders', 'a')
    let isFreed = false
    await run(world, {
      poisonPolicy: 'block-key',
      onSleep() {
        if (!isFreed && world.idle) {
          isFreed = true
          for (const [seq, exception] of world.exceptions) {
            world.exceptions.set(seq, { ...exception, status: seq === 1 ? 'dead' : 'retry' })
          }
          world.rings += 1
          return false
        }
        return world.idle
      },
    })

    expect(world.published()).toEqual([2, 3, 4])
    expect(world.blockedKeysReads).toBe(2)
  })
})

describe('a topic that Kafka refuses', () => {
  test('waits, with everything that comes later, while the others go on; then drains in order', async () => {
    const world = new World()
    world.missingTopics.add('orders')
    const due: number[] = []
    for (let i = 0; i < 4; i += 1) world.add(i % 2 === 0 ? 'orders' : 'users', 'a')
    await run(world, {
      batchEntriesMax: 2,
      onSleep() {
        if (world.entries.length < 12) {
          world.add('orders', 'a')
          world.add('users', 'a')
          return false
        }
        if (world.missingTopics.size > 0) due.push(world.withStatus('retry').length)
        if (due.length > 5) world.missingTopics.clear()
        return world.idle
      },
    })

    expect(world.published('users')).toEqual([2, 4, 6, 8, 10, 12])
    expect(world.published('orders')).toEqual([1, 3, 5, 7, 9, 11])
    expect(due.at(-1)).toBe(6)
    expect(world.exceptions.size).toBe(0)
    const tried = world.sends.findIndex((seqs) => seqs.includes(11))
    expect(tried).toBeGreaterThan(world.sends.findIndex((seqs) => seqs.includes(12)))
  })

  test('is tried less and less often, and only its first entry is rewritten', async () => {
    const world = new World()
    world.missingTopics.add('orders')
    for (let i = 0; i < 3; i += 1) world.add('orders', 'a')
    const startMs = world.nowMs
    await run(world, { onSleep: () => world.nowMs - startMs > HOUR_MS })

    expect(world.sends.length).toBeGreaterThan(60)
    expect(world.sends.length).toBeLessThan(150)
    expect(world.exceptions.get(1)?.attempts).toBe(world.sends.length)
    expect(world.exceptions.get(2)?.attempts).toBe(1)
    expect(world.marks.at(-1)?.exceptions).toHaveLength(1)
  })

  test('does not wait for ever when the wall clock is set back', async () => {
    const world = new World()
    world.missingTopics.add('orders')
    world.add('orders', 'a')
    await run(world, { onSleep: () => world.withStatus('retry').length === 1 })
    world.missingTopics.clear()
    world.nowMs -= 24 * HOUR_MS
    await run(world)
    expect(world.published()).toEqual([1])
  })

  test('may hold a refused record, which alone stays behind', async () => {
    const world = new World()
    world.missingTopics.add('orders')
    for (let i = 1; i <= 5; i += 1) world.add('orders', 'a', i === 2 ? POISON_BYTES : undefined)
    await run(world, { onSleep: () => world.withStatus('retry').length === 5 })
    world.missingTopics.clear()
    await run(world)
    expect(world.published()).toEqual([1, 3, 4, 5])
    expect(world.exceptions.get(2)).toMatchObject({ status: 'blocked', attempts: 2 })
  })

  test('of the whole outbox does not keep the relay from ending', async () => {
    const world = new World()
    world.missingTopics.add('orders')
    world.add('orders', 'a')
    let sleeps = 0
    await run(world, { onSleep: () => (sleeps += 1) > 3 })
    expect(world.position).toBe(1)
  })
})

test('an answer that leaves out a record is a bug that ends the relay, not an acknowledgement', async () => {
  const world = new World()
  world.add('orders', 'a')
  const publisher = { publish: () => Promise.resolve([]) }
  const running = runRelay(
    { ...world.ports(), publisher },
    { poisonPolicy: 'continue' },
    new AbortController().signal,
  )
  await expect(running).rejects.toThrow('every record that was sent has landed')
  expect(world.position).toBe(0)
})

test('an error that is no fault of Kafka ends the relay', async () => {
  const world = new World()
  world.add('orders', 'a')
  const publisher = { publish: () => Promise.reject(new GatewayError('BROKER_UNAVAILABLE', '')) }
  const bug = { publish: () => Promise.reject(new TypeError('bug')) }
  const stop = new AbortController()
  world.onSleep = () => stop.abort()
  await runRelay({ ...world.ports(), publisher }, { poisonPolicy: 'continue' }, stop.signal)
  const again = new AbortController().signal
  const running = runRelay(
    { ...world.ports(), publisher: bug },
    { poisonPolicy: 'continue' },
    again,
  )
  await expect(running).rejects.toThrow('bug')
})
