import { expect, test } from 'bun:test'
import { openKeptEvents } from '../../db/kept-events.ts'
import { systemClock } from '../../src/clock.ts'
import { replayRecord } from '../../src/consume/replay.ts'
import type { ConsumedEvent, ConsumerRoute } from '../../src/consumer.ts'
import { resolveConsumers } from '../../src/loading/consumers.ts'
import { defineConsumer, FinalError, onRecord, z } from '../../src/gateway.ts'
import { withHeader } from '../../src/record.ts'
import { openSuspects } from '../../src/watchdog/suspects.ts'
import { REASON_CHARS_MAX } from '../../src/limits/observing.ts'
import { HANDLER_BLOCKS_MAX } from '../../src/limits/watchdog.ts'
import { handlerWatch } from '../support/handler-watch.ts'
import { openConsumeWorld, record, TOPIC } from './world.ts'

const strict = onRecord(z.object({ n: z.string() }), () => null)

function consumerWith(route: ConsumerRoute) {
  const definition = defineConsumer('doubling', { topics: [TOPIC], events: { '*': route } })
  return resolveConsumers([{ file: 'doubling.ts', definition }]).get('doubling')
}

test('a dead letter is handled again as the record that it was', async () => {
  await using world = await openConsumeWorld({ events: { '*': strict } })
  world.assign(0)
  // Some are named as what is stored of a record beside its headers.
  const foreign = { 'kafka-tombstone': '1', 'kafka-key': 'k', 'record-kafka-topic': 't' }
  const given = record(3, { headers: { ...record(3).headers, ...foreign } })
  await world.give(given)
  const kept = openKeptEvents(world.db.database).bySeq(1)
  if (kept === undefined) throw new Error('it is stored')

  const seen: ConsumedEvent<unknown>[] = []
  const corrected = onRecord(z.object({ n: z.int() }), (event) => {
    seen.push(event)
    return { topic: 'doubled', value: 2 * event.data.n }
  })
  const ports = { clock: systemClock }
  expect(await replayRecord(kept, consumerWith(corrected), ports)).toMatchObject({
    state: 'accepted',
    reason: null,
    records: [{ topic: 'doubled', key: 'key' }],
  })
  const { topic, partition, offset, headers, writtenAt } = given
  const place = { topic, partition, offset, headers, writtenAt }
  expect(seen).toMatchObject([{ ...place, key: 'key', id: 'event-3', source: 'shop', attempt: 1 }])

  expect(seen[0]?.headers).toEqual(headers)

  expect(await replayRecord(kept, consumerWith(strict), ports)).toMatchObject({
    state: 'invalid',
    reason: expect.stringMatching(/^SCHEMA_MISMATCH: n: /),
  })
  expect(await replayRecord(kept, undefined, ports)).toMatchObject({ state: 'failed' })

  const wordy = onRecord(z.unknown(), () => {
    throw new Error('x'.repeat(100_000))
  })
  const replayed = await replayRecord(kept, consumerWith(wordy), ports)
  expect(replayed?.reason).toHaveLength(REASON_CHARS_MAX)
})

test('a header of an earlier version that is not ours is one like any other', async () => {
  await using world = await openConsumeWorld({ events: { '*': strict } })
  world.assign(0)
  await world.give(record(3))
  const kept = openKeptEvents(world.db.database).bySeq(1)
  if (kept === undefined) throw new Error('it is stored')
  const headers = withHeader(kept.headers, 'kafka-exact', 'zzz')
  const seen: ConsumedEvent<unknown>[] = []
  const corrected = onRecord(z.unknown(), (event) => void seen.push(event))
  const ports = { clock: systemClock }
  const replayed = await replayRecord({ ...kept, headers }, consumerWith(corrected), ports)
  expect(replayed).toMatchObject({ state: 'ignored' })
  expect(seen[0]?.headers).toEqual({ ...record(3).headers, 'kafka-exact': 'zzz' })
})

test('a dead letter that has ended processes is handled again by another handler alone', async () => {
  await using world = await openConsumeWorld({ events: { '*': strict } })
  world.assign(0)
  await world.give(record(3))
  const kept = openKeptEvents(world.db.database).bySeq(1)
  if (kept === undefined) throw new Error('it is stored')
  const { source, eventId } = kept
  let handlersName = 'the same'
  const note = { at: '', handlersName, suspects: 1, source, type: 'order.created', eventId }
  const notes = Array.from({ length: HANDLER_BLOCKS_MAX }, () => note)
  const watchdog = { ...handlerWatch(), ...openSuspects(notes, () => handlersName) }
  const again = () =>
    replayRecord(kept, consumerWith(onRecord(z.unknown(), () => ({ topic: 'a', value: 1 }))), {
      clock: systemClock,
      watchdog,
    })

  const reason = 'HANDLER_BLOCKED: the process ended 3 times while it ran'
  expect(await again()).toMatchObject({ state: 'failed', reason })
  handlersName = 'another'
  expect(await again()).toMatchObject({ state: 'accepted', records: [{ topic: 'a' }] })
})

test('of a dead letter that is no text a handler is given what it was given at first', async () => {
  const [key, seen] = [new Uint8Array([0xff, 0]), [] as ConsumedEvent<unknown>[]]
  const refuse = onRecord(z.unknown(), (event) => {
    seen.push(event)
    throw new FinalError('no')
  })
  await using world = await openConsumeWorld({ events: { '*': refuse } })
  world.assign(0)
  await world.give(record(0, { key, value: null, headers: { a: '\ufffd' } }))
  const kept = openKeptEvents(world.db.database).bySeq(1)
  if (kept === undefined) throw new Error('it is stored')

  await replayRecord(kept, consumerWith(refuse), { clock: systemClock })
  const of = ({ key, keyBytes, headers, data, id }: ConsumedEvent<unknown>) => {
    return { key, keyBytes, headers, data, id }
  }
  const expected = { key: '\ufffd\0', keyBytes: key, headers: { a: '\ufffd' }, data: null }
  expect(seen.map(of)).toEqual([0, 1].map(() => ({ ...expected, id: `${TOPIC}/0/0` })))
})

test('a record that was processed is not kept, and not replayed', async () => {
  const double = onRecord(z.object({ n: z.int() }), ({ data }) => ({ topic: 'a', value: data.n }))
  await using world = await openConsumeWorld({ events: { '*': double } })
  world.assign(0)
  await world.give(record(0))
  const kept = openKeptEvents(world.db.database).bySeq(1)
  if (kept === undefined) throw new Error('it is stored')
  expect(kept.body.byteLength).toBe(0)
  const ports = { clock: systemClock }
  expect(await replayRecord(kept, consumerWith(double), ports)).toBeUndefined()
})
