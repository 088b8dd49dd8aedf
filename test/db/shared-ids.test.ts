import { expect, test } from 'bun:test'
import { consumerSource } from '../../src/consumer.ts'
import { sampleEvent } from '../support/stored.ts'
import { openDbWorld, type DbWorld } from './world.ts'

const IDS = Array.from({ length: 500 }, (_, offset) => `orders 0 ${offset}`)

/** Commits records whose handler publishes nothing, and says how many of them were new. */
async function consume({ writer, clock, database }: DbWorld): Promise<number> {
  const count = () =>
    database.client.query<{ reason: string }, []>('SELECT reason FROM inbox').all().length
  const before = count()
  await writer.commitConsumed({
    group: 'g',
    owner: 'g',
    source: consumerSource('orders'),
    at: clock.now(),
    processed: IDS.map((ignored) => ({ event: undefined, ignored })),
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
