import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import { QUESTIONS_WAITING_MAX } from '../../src/limits/admin.ts'
import { openLog } from '../../src/stdout-log.ts'
import { openQueryThread, type QueryThread } from '../../src/wiring/query-thread.ts'
import { openDbWorld } from '../db/world.ts'
import { codeOf, sampleEvent, sampleException, sampleMark } from '../support/stored.ts'

const log = openLog('silent', 'gateway')
const NEWEST = { query: {}, order: 'newest', limit: 10, msMax: 1_000 } as const

async function openWorld() {
  const opened = new AsyncDisposableStack()
  const world = opened.use(await openDbWorld())
  const thread = openQueryThread({ clock: systemClock, log, path: world.path })
  opened.defer(() => thread.close())
  return { world, thread, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

function ask(thread: QueryThread) {
  return thread.ask('search', NEWEST)
}

describe('the thread that reads', () => {
  test('answers as the API writes it', async () => {
    await using opened = await openWorld()
    const { world, thread } = opened
    await world.writer.commit(sampleEvent('e1'))
    await world.writer.commit(sampleEvent('e2'))
    await world.writer.mark(sampleMark(0, 1, { exceptions: [sampleException(1)] }))

    expect(await ask(thread)).toMatchObject({
      events: [
        { seq: 2, eventId: 'e2', receivedAt: '2026-01-01T00:00:00.000Z', records: 'pending' },
        { seq: 1, eventId: 'e1', bodyBytes: 11, records: 'blocked' },
      ],
      nextBefore: null,
      searched: { seq: 1, receivedAt: '2026-01-01T00:00:00.000Z', isComplete: true },
    })
    expect(JSON.parse((await thread.ask('event', 1)) ?? '')).toMatchObject({
      headers: { 'x-github-event': 'push' },
      bodyBase64: btoa('{"id":"e1"}'),
      records: [{ status: 'blocked', code: 'RECORD_REJECTED', valueBase64: null }],
      variants: null,
      batch: null,
    })
    expect(await thread.ask('event', 3)).toBeUndefined()
    expect(Buffer.from((await thread.ask('body', 2)) ?? []).toString()).toBe('{"id":"e2"}')
    expect(await thread.ask('outbox', { status: 'blocked', limit: 5 })).toMatchObject({
      entries: [{ seq: 1, eventSeq: 1, source: 'github', reason: 'too large' }],
      nextAfter: null,
      counts: { pending: 1, retry: 0, blocked: 1, dead: 0 },
    })
    expect(await thread.ask('facts', null)).toMatchObject({ events: 2 })
  })

  test('takes so many questions, and answers all that it took', async () => {
    await using opened = await openWorld()
    const asked = Array.from({ length: QUESTIONS_WAITING_MAX }, () => ask(opened.thread))

    expect(await codeOf(ask(opened.thread))).toBe('QUERIES_BUSY')
    expect(await Promise.all(asked)).toHaveLength(QUESTIONS_WAITING_MAX)
    expect(await ask(opened.thread)).toMatchObject({ events: [] })
  })

  test('fails one question, and answers the next', async () => {
    await using opened = await openWorld()
    await opened.world.writer.commit(sampleEvent('e1'))
    opened.world.database.client.run('DELETE FROM chunks')

    expect(await codeOf(opened.thread.ask('body', 1))).toBe('QUERY_FAILED')
    expect(await ask(opened.thread)).toMatchObject({ events: [{ seq: 1 }] })
  })

  test('begins again where it cannot even open the file', async () => {
    await using opened = await openWorld()
    const thread = openQueryThread({ clock: systemClock, log, path: `${opened.world.path}-not` })

    expect(await codeOf(ask(thread))).toBe('QUERY_FAILED')
    expect(await codeOf(ask(thread))).toBe('QUERY_FAILED')
    thread.close()
    expect(await codeOf(ask(thread))).toBe('QUERY_FAILED')
  })
})
