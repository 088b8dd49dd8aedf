import { describe, expect, test } from 'bun:test'
import { openInbox } from '../../db/inbox.ts'
import { openReader } from '../../db/open.ts'
import { openOutbox } from '../../db/outbox.ts'
import { openRerunScan } from '../../db/rerun-scan.ts'
import { openRerunReader } from '../../db/reruns.ts'
import { openDueRetries } from '../../db/retries.ts'
import type { ReplayResult, Rerun, RerunKind, RerunQuery, RerunStep } from '../../src/rerun.ts'
import { openDbWorld, type DbWorld } from './world.ts'
import { bytes, sampleEvent, sampleException, sampleMark } from '../support/stored.ts'

const record = { topic: 't', key: 'k', headers: null, value: null }

async function begin(world: DbWorld, kind: RerunKind, query: RerunQuery = {}): Promise<string> {
  const id = `${kind}-1`
  const asked = { id, kind, query, by: 'a test', perSecond: 100, total: null }
  await world.writer.createRerun(asked, world.clock.now())
  return id
}

function stored(world: DbWorld, id: string): Rerun | undefined {
  using reader = openReader(world.path)
  return openRerunReader(reader).byId(id)
}

function freed(world: DbWorld, query: RerunQuery = {}): readonly number[] {
  using reader = openReader(world.path)
  return openRerunScan(reader).entries({ query, after: 0, bound: 1_000, limit: 100 })
}

function entries(world: DbWorld) {
  const all = { after: 0, upTo: 1_000, entriesMax: 1_000, bytesMax: 1_000_000 }
  return openOutbox(world.database)
    .pending(all)
    .map(({ seq, inboxSeq, n, topic, headers }) => ({ seq, inboxSeq, n, topic, headers }))
}

function replayed(seq: number, overrides: Partial<ReplayResult> = {}): ReplayResult {
  return { seq, state: 'accepted', reason: null, records: [record], ...overrides }
}

function step(id: string, to: number, work: RerunStep['work'], from = 0): RerunStep {
  return { id, from, to, work }
}

describe('a replay', () => {
  test('gives events their new state, and their records a mark and new seqs', async () => {
    await using world = await openDbWorld()
    const failed = { state: 'failed', reason: 'HANDLER_FAILED: x', records: [] } as const
    await world.writer.commit(sampleEvent('e1', { ...failed, retryAt: world.clock.now() }))
    await world.writer.commit(sampleEvent('e2'))
    const id = await begin(world, 'replay')
    const results = [
      replayed(1, { records: [record, { ...record, headers: '{"a":"b"}' }] }),
      replayed(2, { state: 'failed', reason: 'HANDLER_FAILED: y', records: [] }),
    ]
    const work = { kind: 'replay', results } as const

    expect(await world.writer.stepRerun(step(id, 2, work))).toEqual({
      done: 2,
      failed: 1,
      records: 2,
    })
    expect(entries(world).slice(1)).toEqual([
      { seq: 2, inboxSeq: 1, n: 0, topic: 't', headers: '{"inlet-replay":"replay-1"}' },
      { seq: 3, inboxSeq: 1, n: 1, topic: 't', headers: '{"a":"b","inlet-replay":"replay-1"}' },
    ])
    const inbox = openInbox(world.database)
    expect([inbox.bySeq(1)?.state, inbox.bySeq(2)?.reason]).toEqual([
      'accepted',
      'HANDLER_FAILED: y',
    ])
    const query = { now: world.clock.now() + 1, waitMsMax: 60_000, limit: 10 }
    expect(openDueRetries(world.database).due(query)).toEqual([])
  })

  test('does a step once, whoever asks for it again, and none of it where it is stopped', async () => {
    await using world = await openDbWorld()
    await world.writer.commit(sampleEvent('e1'))
    const id = await begin(world, 'replay')
    const one = step(id, 1, { kind: 'replay', results: [replayed(1)] })
    await world.writer.stepRerun(one)
    await world.restart()
    expect(await world.writer.stepRerun(one)).toBeUndefined()
    const stop = { id, from: ['running'], to: 'stopped', reason: null, at: 5 } as const
    expect(await world.writer.changeRerun(stop)).toBe(true)
    expect(await world.writer.changeRerun(stop)).toBe(false)
    const more = step(id, 2, { kind: 'replay', results: [replayed(1)] }, 1)
    expect(await world.writer.stepRerun(more)).toBeUndefined()

    expect(entries(world)).toHaveLength(2)
    expect(stored(world, id)).toMatchObject({ state: 'stopped', cursor: 1, done: 1, bound: 1 })
  })

  test('leaves alone what retention has taken', async () => {
    await using world = await openDbWorld()
    const id = await begin(world, 'replay')
    const work = { kind: 'replay', results: [replayed(7)] } as const
    expect(await world.writer.stepRerun(step(id, 7, work))).toMatchObject({ done: 0, records: 0 })
    expect(entries(world)).toEqual([])
  })
})

describe('a republish', () => {
  test('sends what is published again under the same n, and not its own copies', async () => {
    await using world = await openDbWorld()
    const value = bytes('made by a handler')
    await world.writer.commit(sampleEvent('e1', { records: [record, { ...record, value }] }))
    await world.writer.commit(sampleEvent('e2'))
    await world.writer.mark(sampleMark(0, 2))
    const id = await begin(world, 'republish')
    await world.writer.stepRerun(step(id, 1, { kind: 'republish', seqs: [1] }))
    await world.writer.mark(sampleMark(2, 5))
    const again = { kind: 'republish', seqs: [1] } as const
    expect(await world.writer.stepRerun(step(id, 2, again, 1))).toMatchObject({ records: 2 })

    const headers = '{"inlet-replay":"republish-1"}'
    expect(entries(world).slice(3)).toEqual([
      { seq: 4, inboxSeq: 1, n: 0, topic: 't', headers },
      { seq: 5, inboxSeq: 1, n: 1, topic: 't', headers },
      { seq: 6, inboxSeq: 1, n: 0, topic: 't', headers },
      { seq: 7, inboxSeq: 1, n: 1, topic: 't', headers },
    ])
    expect(openInbox(world.database).bySeq(1)?.records.at(-1)?.value).toEqual(value)
  })

  test('takes what a replay made of the event, and nothing that waits or was refused', async () => {
    await using world = await openDbWorld()
    await world.writer.commit(sampleEvent('e1'))
    await world.writer.commit(sampleEvent('e2'))
    const replay = await begin(world, 'replay')
    const results = [replayed(1, { records: [{ ...record, topic: 'new' }] })]
    await world.writer.stepRerun(step(replay, 1, { kind: 'replay', results }))
    await world.writer.mark(sampleMark(0, 2, { exceptions: [sampleException(2)] }))
    const topics = () => {
      using reader = openReader(world.path)
      return openRerunScan(reader).topicsOf('republish', [1, 2])
    }
    expect(topics()).toEqual([])
    await world.writer.mark(sampleMark(2, 3))
    expect(topics()).toEqual(['new'])
  })
})

describe('a redrive', () => {
  async function blockedWorld(): Promise<DbWorld> {
    const world = await openDbWorld()
    for (const id of ['e1', 'e2', 'e3', 'e4']) await world.writer.commit(sampleEvent(id))
    const exceptions = [
      sampleException(1),
      sampleException(2, { attempts: 0 }),
      sampleException(3, { key: 'other' }),
    ]
    await world.writer.mark(sampleMark(0, 4, { exceptions }))
    const retry = sampleException(3, { status: 'retry', key: 'other', nextAt: 9 })
    await world.writer.mark(sampleMark(4, 4, { exceptions: [retry] }))
    const dead = sampleException(3, { status: 'dead', key: 'other' })
    await world.writer.mark(sampleMark(4, 4, { exceptions: [dead] }))
    return world
  }
  const statusOf = (world: DbWorld, seq: number) =>
    openInbox(world.database).bySeq(seq)?.records[0]?.status

  test('frees what is blocked or dead, due at once, and nothing else', async () => {
    await using world = await blockedWorld()
    const cases: readonly (readonly [RerunQuery, readonly number[]])[] = [
      [{}, [1, 2, 3]],
      [{ status: 'dead', topic: 'webhooks.github' }, [3]],
      [{ topic: 'no such' }, []],
      [{ source: 'github', type: 'push', state: 'accepted', key: 'repository-1' }, [1, 2, 3]],
      [{ id: 'e2', since: Date.UTC(2026, 0, 1), until: Date.UTC(2026, 0, 2) }, [2]],
      [{ since: Date.UTC(2026, 0, 2) }, []],
      [{ seqs: [3, 4] }, [3]],
    ]
    for (const [query, seqs] of cases) expect([query, freed(world, query)]).toEqual([query, seqs])
    const id = await begin(world, 'redrive')
    const work = { kind: 'redrive', seqs: [1, 3, 4], at: 77, hasBlockedKeys: false } as const
    expect(await world.writer.stepRerun(step(id, 4, work))).toMatchObject({ done: 2, records: 2 })

    expect([1, 2, 3, 4].map((seq) => statusOf(world, seq))).toEqual([
      'retry',
      'blocked',
      'retry',
      'published',
    ])
    expect(openOutbox(world.database).heads()).toMatchObject([{ seq: 1, nextAt: 77 }])
  })

  test('is not undone by a relay that does not know of it yet', async () => {
    await using world = await blockedWorld()
    await world.writer.commit(sampleEvent('e5'))
    const id = await begin(world, 'redrive')
    const work = { kind: 'redrive', seqs: [1], at: 77, hasBlockedKeys: true } as const
    await world.writer.stepRerun(step(id, 2, work))
    // Decided before it heard the bell.
    const behind = sampleException(5, { attempts: 0 })
    await world.writer.mark(sampleMark(4, 5, { exceptions: [behind], at: 99 }))

    expect([1, 2, 5].map((seq) => statusOf(world, seq))).toEqual(['retry', 'retry', 'retry'])
    expect(openOutbox(world.database).blockedKeys()).toEqual([])
  })

  test('takes along what waits behind a record of its key, where keys are blocked', async () => {
    await using world = await blockedWorld()
    const id = await begin(world, 'redrive')
    const work = { kind: 'redrive', seqs: [1, 2], at: 77, hasBlockedKeys: true } as const
    expect(await world.writer.stepRerun(step(id, 2, work))).toMatchObject({ done: 2 })
    expect([1, 2].map((seq) => statusOf(world, seq))).toEqual(['retry', 'retry'])
  })
})
