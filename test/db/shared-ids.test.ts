import { expect, test } from 'bun:test'
import { consumerSource, type NotFound } from '../../src/consumer.ts'
import { sampleEvent } from '../support/stored.ts'
import { openDbWorld, type DbWorld } from './world.ts'

const IDS = Array.from({ length: 500 }, (_, offset) => `orders 0 ${offset}`)

const SOURCE = consumerSource('orders')

/** As before the handlers of such records. */
function lookForAll({ dedup, clock }: DbWorld): readonly (NotFound | undefined)[] {
  const eventIdValidMs = undefined
  return IDS.map((eventId) =>
    dedup.lookFor({ source: SOURCE, eventId, eventIdValidMs, receivedAt: clock.now() }),
  )
}

/** Commits records whose handler publishes nothing, and says how many events come of them. */
async function consume(
  { writer, clock, database }: DbWorld,
  looks: readonly (NotFound | undefined)[] = [],
): Promise<number> {
  const count = () =>
    database.client.query<{ reason: string }, []>('SELECT reason FROM inbox').all().length
  const before = count()
  await writer.commitConsumed({
    group: 'g',
    owner: 'g',
    source: SOURCE,
    at: clock.now(),
    processed: IDS.map((ignored, n) => ({ event: undefined, ignored, notFound: looks[n] })),
    positions: [],
  })
  return count() - before
}

test('a damaged list of ids costs those ids alone, and no start', async () => {
  await using world = await openDbWorld()
  expect(await consume(world)).toBe(1)
  expect(await consume(world)).toBe(0)
  await world.writer.commit(sampleEvent('other'))
  world.database.client.run(
    "UPDATE chunks SET bodies = x'28b52ffd' || substr(bodies, 5) || x'00' WHERE seq = 1",
  )

  await world.restart()
  expect(await world.writer.commit(sampleEvent('other'))).toMatchObject({ kind: 'duplicate' })
  expect(await consume(world)).toBe(1)
  expect(await consume(world)).toBe(0)
})

test('ids that were looked for are known from their commit on', async () => {
  await using world = await openDbWorld()
  expect(await consume(world, lookForAll(world))).toBe(1)
  expect(lookForAll(world)).toEqual(IDS.map(() => undefined))
  expect(await consume(world)).toBe(0)
})

test('ids that were stored since they were looked for are recognised', async () => {
  await using world = await openDbWorld()
  const looks = lookForAll(world)
  expect(await consume(world)).toBe(1)
  expect(await consume(world, looks)).toBe(0)
})
