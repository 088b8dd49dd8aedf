import { describe, expect, test } from 'bun:test'
import type { Caller } from '../../src/caller.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import type { Committed, NewEvent } from '../../src/event.ts'
import { answerTo, type IdempotentAnswer } from '../../src/idempotent-answer.ts'
import { openIngestEvents, type IngestEventsPorts } from '../../src/ingest/ingest-events.ts'
import type { Route } from '../../src/route.ts'
import { on, z } from '../../src/gateway.ts'
import { manualClock } from '../support/manual-clock.ts'
import { sampleDelivery } from '../support/verified.ts'

const BATCH = 'application/cloudevents-batch+json'
const sample = (id: string, members: object = {}) => ({
  specversion: '1.0',
  id,
  source: '/s',
  type: 't',
  ...members,
})

/** What each claim is answered with, by event id; `mine` where nothing is said. */
type Elsewhere = Readonly<Record<string, 'claimed' | 'done'>>

/** One caller's world: what the other parts are asked, in order. They have tests of their own. */
function world(
  options: { elsewhere?: Elsewhere; route?: Route; ports?: Partial<IngestEventsPorts> } = {},
) {
  const steps: string[] = []
  const committed: NewEvent[] = []
  const answers: IdempotentAnswer[] = []
  const caller: Caller = {
    name: 'shop',
    tokenHashes: [],
    file: undefined,
    route: () => options.route ?? { topic: 'orders' },
  }
  const ports: IngestEventsPorts = {
    clock: manualClock(),
    handlerMsMax: 800,
    isKeyRequired: false,
    findAnswer: (_, key) => answers.find((answer) => answer.key === key),
    hint: {
      claim(_, id) {
        steps.push(`claim ${id}`)
        const kind = options.elsewhere?.[id] ?? 'mine'
        return Promise.resolve(kind === 'mine' ? { kind, id } : { kind })
      },
      done: (claim) => Promise.resolve(void steps.push(`done ${(claim as { id?: string }).id}`)),
      release: (claim) =>
        Promise.resolve(void steps.push(`release ${(claim as { id?: string }).id}`)),
    },
    commitAll(events, answer) {
      steps.push('commit')
      const known = new Set(committed.map(({ eventId }) => eventId))
      const outcomes = events.map(({ eventId }, at): Committed =>
        known.has(eventId)
          ? { kind: 'duplicate', seq: 1, sameBody: true }
          : { kind: 'stored', seq: at + 1 },
      )
      committed.push(...events)
      if (answer !== undefined) answers.push(answerTo(answer, outcomes))
      return Promise.resolve(outcomes)
    },
    ...options.ports,
  }
  const ingestEvents = openIngestEvents(ports)
  const run = (events: readonly object[], headers: Record<string, string> = {}) =>
    ingestEvents(
      sampleDelivery(JSON.stringify(events), { 'content-type': BATCH, ...headers }),
      caller,
    )
  return { steps, committed, answers, run }
}

describe('a request', () => {
  test('is claimed, then committed at once, and only then told to other nodes', async () => {
    const { run, steps } = world()

    expect(await run([sample('1'), sample('2')])).toMatchObject({ kind: 'accepted', duplicates: 0 })
    expect(steps).toEqual(['claim /s 1', 'claim /s 2', 'commit', 'done /s 1', 'done /s 2'])
  })

  test('with the same event twice claims it once: a second claim would meet the first', async () => {
    const { run, steps } = world()
    await run([sample('1'), sample('1')])

    expect(steps.filter((step) => step.startsWith('claim'))).toEqual(['claim /s 1'])
  })

  test('with an event that another node is storing waits, and claims nothing', async () => {
    const { run, steps } = world({ elsewhere: { '/s 2': 'claimed' } })

    expect(await run([sample('1'), sample('2')])).toMatchObject({ code: 'CLAIMED_ELSEWHERE' })
    expect(steps.slice(2)).toEqual(['release /s 1'])
  })

  test('leaves out what another node has stored', async () => {
    const { run, committed } = world({ elsewhere: { '/s 1': 'done' } })

    expect(await run([sample('1'), sample('2')])).toMatchObject({ kind: 'accepted', duplicates: 1 })
    expect(committed.map(({ eventId }) => eventId)).toEqual(['/s 2'])
  })

  test('that cannot be stored gives its claims back', async () => {
    const full = new GatewayError('STORAGE_FULL', 'no space left')
    const { run, steps } = world({ ports: { commitAll: () => Promise.reject(full) } })

    await expect(run([sample('1')])).rejects.toBe(full)
    expect(steps).toEqual(['claim /s 1', 'release /s 1'])
  })

  test('without events stores nothing but its answer', async () => {
    const { run, steps, answers } = world()

    expect(await run([], { 'idempotency-key': 'k' })).toMatchObject({
      kind: 'duplicate',
      events: 0,
    })
    expect(steps).toEqual(['commit'])
    expect(answers).toMatchObject([{ key: 'k', status: 200 }])
  })
})

describe('its events', () => {
  test('keep their attributes, with the records and without them', async () => {
    const { run, committed } = world({ route: on(z.unknown(), () => []) })
    await run([sample('1', { subject: 'order', data: 1 })], { 'user-agent': 'shop/1' })

    expect(committed[0]).toMatchObject({ source: 'shop', eventId: '/s 1', state: 'ignored' })
    expect(JSON.parse(committed[0]?.headers ?? '')).toEqual({
      'user-agent': 'shop/1',
      ce_specversion: '1.0',
      ce_id: '1',
      ce_source: '/s',
      ce_type: 't',
      ce_subject: 'order',
    })
  })

  test('are keyed by partitionkey, else subject, else id, unless the handler says', async () => {
    const { run, committed } = world()
    await run([
      sample('1', { partitionkey: 'p', subject: 's' }),
      sample('2', { partitionkey: '', subject: 's' }),
      sample('3'),
    ])

    expect(committed.map(({ records }) => records[0]?.key)).toEqual(['p', 's', '3'])
    const own = world({ route: { topic: 'orders', key: () => 'own' } })
    await own.run([sample('1', { partitionkey: 'p' })])
    expect(own.committed[0]?.records[0]?.key).toBe('own')
  })

  test('lend their dataschema only to the data that it describes', async () => {
    const route = on(z.unknown(), () => [{ topic: 'a' }, { topic: 'a', value: 1 }])
    const { run, committed } = world({ route })
    await run([sample('1', { dataschema: 'urn:schema', data: 2 })])

    const headers = committed[0]?.records.map(
      (record) => JSON.parse(record.headers ?? '') as object,
    )
    expect(headers?.map((each) => 'ce_dataschema' in each)).toEqual([true, false])
    expect(headers?.[1]).toMatchObject({ 'content-type': 'application/json', ce_id: '1' })
  })

  test('refuse the whole request where one does not match its schema, and claim nothing', async () => {
    const route = on(z.object({ n: z.int() }), () => null)
    const { run, steps } = world({ route })
    const outcome = await run([
      sample('1', { data: { n: 1 } }),
      sample('2', { data: { n: 'x' } }),
      sample('3', { datacontenttype: 'application/json', data_base64: 'ew==' }),
    ])

    expect(outcome).toMatchObject({
      code: 'EVENT_INVALID',
      issues: [
        { element: 1, at: 'data.n' },
        { element: 2, at: 'data', message: 'is not valid JSON' },
      ],
    })
    expect(steps.slice(3)).toEqual(['release /s 1', 'release /s 2', 'release /s 3'])
  })

  test('whose handler throws are our fault, and the reason is for the log alone', async () => {
    const route = on(z.unknown(), () => {
      throw new Error('the reason')
    })
    const outcome = await world({ route }).run([sample('1')])

    expect(outcome).toMatchObject({
      code: 'HANDLER_FAILED',
      cause: expect.stringContaining('element 0: the reason'),
    })
    expect('detail' in outcome ? outcome.detail : '').not.toContain('the reason')
  })
})

describe('an Idempotency-Key', () => {
  const key = { 'idempotency-key': '"k"' }

  test('is answered again with what was answered, without any of the work', async () => {
    const { run, steps } = world()
    await run([sample('1')])
    expect(await run([sample('1')], key)).toMatchObject({ kind: 'duplicate' })
    const before = steps.length

    expect(await run([sample('1')], key)).toEqual({ kind: 'replayed', status: 200 })
    expect(await run([sample('2')], key)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
    expect(steps).toHaveLength(before)
  })

  test('is taken as long as its first request runs, however that ends', async () => {
    const commit = Promise.withResolvers<readonly Committed[]>()
    const { run } = world({ ports: { commitAll: () => commit.promise } })
    const first = run([sample('1')], key)

    expect(await run([sample('1')], key)).toMatchObject({ code: 'IDEMPOTENCY_KEY_IN_USE' })
    commit.reject(new Error('gone'))
    await expect(first).rejects.toThrow('gone')
    await expect(run([sample('1')], key)).rejects.toThrow('gone')
  })

  test('can be asked for', async () => {
    const { run } = world({ ports: { isKeyRequired: true } })

    expect(await run([sample('1')])).toMatchObject({ code: 'IDEMPOTENCY_KEY_MISSING' })
    expect(await run([sample('1')], key)).toMatchObject({ kind: 'accepted' })
  })
})
