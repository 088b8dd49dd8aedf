import { afterEach, beforeEach, expect } from 'bun:test'
import type { Claim, Hint, HintOptions, Mine } from '../../src/idempotency/hint.ts'
import { claimKey } from '../../src/idempotency/open-hint.ts'
import { randomToken } from '../../src/ids.ts'
import {
  CLAIM_TTL_MS,
  HINT_FAILURES_MAX,
  HINT_MS_MAX,
  HINT_PAUSE_MS,
} from '../../src/limits/limits.ts'
import type { Log, LogFields } from '../../src/log.ts'
import { manualClock } from '../support/manual-clock.ts'
import type { TcpGate } from '../support/tcp-gate.ts'
import { describeConformance, type Conformance } from './suite.ts'

/** How the suite reaches an adapter: through a gate that can lose, hold and refuse. */
export interface HintRig extends AsyncDisposable {
  readonly gate: TcpGate
  open(options: HintOptions): Promise<Hint>
}

const DAY_MS = 24 * 60 * 60 * 1000

/** What every hint does, against the real Redis at `redisUrl`. Time is moved by hand. */
export function describeHint(
  on: Pick<Conformance, 'runtime' | 'adapter'>,
  redisUrl: string,
  openRig: (redisUrl: string) => Promise<HintRig>,
): void {
  let cleanup: AsyncDisposableStack
  let rig: HintRig
  /** Looks into Redis beside the gate. */
  let redis: Bun.RedisClient
  let source: string
  let clock: ReturnType<typeof manualClock>
  let lines: { event: string; fields: LogFields | undefined }[]

  beforeEach(async () => {
    cleanup = new AsyncDisposableStack()
    rig = cleanup.use(await openRig(redisUrl))
    redis = new Bun.RedisClient(redisUrl)
    source = `test-${randomToken()}`
    clock = manualClock()
    lines = []
    cleanup.defer(async () => {
      const keys = await redis.keys(`inlet:${source}:*`)
      if (keys.length > 0) await redis.del(...keys)
      redis.close()
    })
  })
  afterEach(async () => {
    await cleanup.disposeAsync()
    expect(clock.sleepers).toBe(0)
  })

  /** Opens the hint of a node; it is closed after the test. */
  async function openNode(node: string, epoch = 'e1'): Promise<Hint> {
    const hint = await rig.open({ node, epoch, doneTtlMs: 7 * DAY_MS, clock, log: recordingLog() })
    cleanup.defer(() => hint.close())
    return hint
  }
  function recordingLog(): Log {
    const record = (event: string, fields?: LogFields) => void lines.push({ event, fields })
    return { debug: record, info: record, warn: record, error: record }
  }
  function held(eventId: string): Promise<string | null> {
    return redis.get(claimKey(source, eventId))
  }

  describeConformance({ suite: 'idempotency', ...on }, (declareCase) => {
    declareCase('the first node to ask gets the claim, for a limited time', async () => {
      const hint = await openNode('a')
      const claim = await hint.claim(source, 'evt_1')
      expect(claim).toMatchObject({ kind: 'mine', key: claimKey(source, 'evt_1') })
      expect(await held('evt_1')).toMatch(/^claim:a:e1:[0-9a-f]{32}$/)
      const ttlMs = await redis.pttl(claimKey(source, 'evt_1'))
      expect(ttlMs).toBeGreaterThan(0)
      expect(ttlMs).toBeLessThanOrEqual(CLAIM_TTL_MS)
      expect(hint.counts()).toEqual({ mine: 1, claimed: 0, done: 0, skipped: 0 })
    })

    declareCase(
      'another node is told that the event is claimed, then that it is done',
      async () => {
        const [a, b] = [await openNode('a'), await openNode('b')]
        const claim = mineOf(await a.claim(source, 'evt_1'))
        expect(await b.claim(source, 'evt_1')).toEqual({ kind: 'claimed' })
        expect(await b.claim(source, 'evt_2')).toMatchObject({ kind: 'mine' })
        await a.done(claim)
        expect(await b.claim(source, 'evt_1')).toEqual({ kind: 'done' })
        expect(b.counts()).toEqual({ mine: 1, claimed: 1, done: 1, skipped: 0 })
      },
    )

    declareCase('the same event id of another source is another event', async () => {
      const [a, b] = [await openNode('a'), await openNode('b')]
      await a.claim(source, 'evt_1')
      const other = mineOf(await b.claim(`${source}-2`, 'evt_1'))
      await b.release(other)
    })

    declareCase(
      'a node asks its own disk about what it claimed or stored itself, in whatever epoch',
      async () => {
        const [before, after] = [await openNode('a:1', 'e1'), await openNode('a:1', 'e2')]
        const claim = mineOf(await before.claim(source, 'evt_1'))
        expect(await after.claim(source, 'evt_1')).toMatchObject({ kind: 'mine' })
        await before.done(claim)
        expect(await before.claim(source, 'evt_1')).toMatchObject({ kind: 'mine' })
        expect(await after.claim(source, 'evt_1')).toMatchObject({ kind: 'mine' })
      },
    )

    declareCase(
      'a claim whose reply was lost is still ours when the provider tries again',
      async () => {
        const hint = await openNode('a')
        await hint.claim(source, 'evt_0')
        rig.gate.loseNextReply()
        await hint.claim(source, 'evt_1') // Redis holds it now, and the first answer to it is gone
        const again = await claimOnceBack(hint, 'evt_1')
        expect(again).toMatchObject({ kind: 'mine' })
        expect(await held('evt_1')).toStartWith('claim:a:')
      },
    )

    declareCase(
      'done lasts as long as the disk keeps the event, or as long as its id is valid',
      async () => {
        const hint = await openNode('a')
        await hint.done(mineOf(await hint.claim(source, 'evt_1')))
        await hint.done(mineOf(await hint.claim(source, 'hash_1', 900_000)))
        const keptMs = await redis.pttl(claimKey(source, 'evt_1'))
        const validMs = await redis.pttl(claimKey(source, 'hash_1'))
        expect(keptMs).toBeGreaterThan(6 * DAY_MS)
        expect(keptMs).toBeLessThanOrEqual(7 * DAY_MS)
        expect(validMs).toBeGreaterThan(800_000)
        expect(validMs).toBeLessThanOrEqual(900_000)
      },
    )

    declareCase(
      'an expired claim goes to the next node that asks, and its old owner cannot release it',
      async () => {
        const [a, b] = [await openNode('a'), await openNode('b')]
        const expired = mineOf(await a.claim(source, 'evt_1'))
        await redis.send('PEXPIREAT', [claimKey(source, 'evt_1'), '1'])
        const claim = mineOf(await b.claim(source, 'evt_1'))
        await a.release(expired)
        expect(await held('evt_1')).toStartWith('claim:b:')
        await b.release(claim)
        expect(await held('evt_1')).toBeNull()
      },
    )

    declareCase(
      'a redelivery on the same node releases neither the first claim nor what is done',
      async () => {
        const hint = await openNode('a')
        const first = mineOf(await hint.claim(source, 'evt_1'))
        const second = mineOf(await hint.claim(source, 'evt_1'))
        await hint.release(second)
        expect(await held('evt_1')).toStartWith('claim:a:')
        await hint.done(first)
        await hint.release(first)
        expect(await held('evt_1')).toStartWith('done:a:')
      },
    )

    declareCase(
      'what Redis forgets half-way is claimed anew, and done is written all the same',
      async () => {
        const [a, b] = [await openNode('a'), await openNode('b')]
        const claim = mineOf(await a.claim(source, 'evt_1'))
        await redis.del(claimKey(source, 'evt_1')) // as FLUSHALL, a failover or an eviction would
        expect(await b.claim(source, 'evt_1')).toMatchObject({ kind: 'mine' })
        await a.done(claim)
        expect(await held('evt_1')).toStartWith('done:a:')
      },
    )

    declareCase(
      'a key that holds nothing of ours is skipped, and Redis still counts as up',
      async () => {
        const hint = await openNode('a')
        const nonsense = { kind: 'skipped', reason: 'nonsense' } as const
        for (const value of ['', 'OK', 'claim', 'claim:b:e1:xyz', 'held:b:e1:0123456789abcdef']) {
          await redis.set(claimKey(source, 'evt_1'), value)
          expect(await hint.claim(source, 'evt_1')).toEqual(nonsense)
        }
        await redis.send('RPUSH', [claimKey(source, 'evt_2'), 'x'])
        expect(await hint.claim(source, 'evt_2')).toEqual({ kind: 'skipped', reason: 'failed' })
        expect(await hint.claim(source, 'evt_3')).toMatchObject({ kind: 'mine' })
        expect(lines).toEqual([])
      },
    )

    declareCase(
      'Redis that does not answer in time is skipped, and its late answer changes nothing',
      async () => {
        const hint = await openNode('a')
        await hint.claim(source, 'evt_0')
        rig.gate.hold()
        const slow = Promise.resolve(hint.claim(source, 'evt_1'))
        clock.advance(HINT_MS_MAX - 1)
        expect(await settledYet(slow)).toBe(false)
        clock.advance(1)
        expect(await slow).toEqual({ kind: 'skipped', reason: 'timeout' })
        rig.gate.letGo()
        expect(await claimOnceBack(hint, 'evt_1')).toMatchObject({ kind: 'mine' })
      },
    )

    declareCase('Redis that hangs is skipped without waiting after some tries', async () => {
      const hint = await openNode('a')
      await hint.claim(source, 'evt_0')
      rig.gate.hold()
      for (let n = 1; n <= HINT_FAILURES_MAX; n += 1) {
        const slow = hint.claim(source, `evt_${n}`)
        clock.advance(HINT_MS_MAX)
        expect(await slow).toEqual({ kind: 'skipped', reason: 'timeout' })
      }
      expect(await hint.claim(source, 'evt_9')).toEqual({ kind: 'skipped', reason: 'paused' })
      expect(lines).toEqual([{ event: 'redis.down', fields: { reason: 'timeout' } }])
    })

    declareCase(
      'Redis that is down is skipped, asked again once in a while, and used when it is back',
      async () => {
        const hint = await openNode('a')
        const mine = mineOf(await hint.claim(source, 'evt_secret'))
        rig.gate.shut()
        for (let n = 1; n <= HINT_FAILURES_MAX; n += 1) {
          expect(await hint.claim(source, 'evt_secret')).toEqual({
            kind: 'skipped',
            reason: 'failed',
          })
        }
        const paused = { kind: 'skipped', reason: 'paused' } as const
        expect(await hint.claim(source, 'evt_secret')).toEqual(paused)
        await hint.done(mine) // says nothing, waits for nothing
        clock.advance(HINT_PAUSE_MS)
        expect(await hint.claim(source, 'evt_secret')).toEqual({
          kind: 'skipped',
          reason: 'failed',
        })
        expect(await hint.claim(source, 'evt_secret')).toEqual(paused)
        rig.gate.open()
        expect(await claimOnceBack(hint, 'evt_secret')).toMatchObject({ kind: 'mine' })
        expect(lines.map((line) => line.event)).toEqual(['redis.down', 'redis.up'])
        // One word: the clients' own messages repeat keys, ids and tokens.
        expect(lines[0]?.fields).toEqual({ reason: expect.stringMatching(/^\w+$/) })
        expect(hint.counts().skipped).toBeGreaterThanOrEqual(HINT_FAILURES_MAX + 3)
      },
    )

    declareCase('close lets a call end within its time, and later claims are skipped', async () => {
      const hint = await openNode('a')
      await hint.claim(source, 'evt_0')
      rig.gate.hold()
      const slow = hint.claim(source, 'evt_1')
      const closed = hint.close()
      clock.advance(HINT_MS_MAX)
      await closed
      expect(await slow).toEqual({ kind: 'skipped', reason: 'timeout' })
      expect(await hint.claim(source, 'evt_2')).toEqual({ kind: 'skipped', reason: 'closed' })
    })

    declareCase('close waits for an answer that is on its way', async () => {
      const hint = await openNode('a')
      const claim = hint.claim(source, 'evt_1')
      await hint.close()
      expect(await claim).toMatchObject({ kind: 'mine' })
    })
  })

  /** Claims until Redis is asked again: a client connects anew in its own time. */
  async function claimOnceBack(hint: Hint, eventId: string) {
    for (;;) {
      clock.advance(HINT_PAUSE_MS)
      const claim = await hint.claim(source, eventId)
      if (claim.kind !== 'skipped') return claim
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/** The claim, which must be ours. */
export function mineOf(claim: Claim): Mine {
  if (claim.kind !== 'mine') throw new Error(`expected our own claim, got ${claim.kind}`)
  return claim
}

/** Whether a promise has settled by the next turn of the event loop. */
async function settledYet(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  const turn = new Promise((resolve) => setImmediate(() => resolve(pending)))
  return (await Promise.race([promise, turn])) !== pending
}
