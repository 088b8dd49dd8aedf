import { expect, test } from 'bun:test'
import { overviewRoutes } from '../../../routes/admin/overview.ts'
import { Alarms, Overview } from '../../../src/admin-api/admin-api.ts'
import type { Readings } from '../../../src/readings/readings.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { quietReadings, sourceReading } from '../../support/readings.ts'
import { HEALTH } from './world.ts'

function world(changes: Partial<Readings> = {}) {
  const clock = manualClock()
  const quiet = quietReadings(clock)
  const sources = [sourceReading(quiet, 'github'), sourceReading(quiet, 'quiet')]
  const readings = () => ({ ...quiet, sources, now: clock.now(), ...changes })
  const app = overviewRoutes({ readings, health: () => HEALTH })
  const ask = async (path: string): Promise<unknown> => (await app.request(path)).json()
  return { clock, quiet, ask }
}

test('the last hour is told by minutes and by sources, strangers among them', async () => {
  const { clock, quiet, ask } = world()
  const { traffic, relay } = quiet
  traffic.count('github', { kind: 'accepted', state: 'failed', handleMs: 1 }, 3)
  clock.advance(60_000)
  traffic.count('github', { kind: 'duplicate', handleMs: 0 }, 3)
  traffic.count(undefined, { kind: 'refused', code: 'SOURCE_UNKNOWN' }, 1)
  const range = { topic: 't', partition: 0, seqFirst: 1, seqLast: 2, baseOffset: '0', records: 2 }
  const mark = { from: 0, to: 2, exceptions: [], settled: [], published: [range], at: clock.now() }
  relay.traffic.marked(mark)

  const overview = Overview.parse(await ask('/api/overview'))
  expect(overview.perMinute).toHaveLength(60)
  const none = { accepted: 0, duplicate: 0, refused: 0, unhandled: 0, published: 0 }
  expect(overview.perMinute.slice(-3)).toEqual([
    { ...none, at: '2025-12-31T23:59:00.000Z', ackP99Ms: null },
    { ...none, at: '2026-01-01T00:00:00.000Z', accepted: 1, unhandled: 1, ackP99Ms: 5 },
    {
      ...none,
      at: '2026-01-01T00:01:00.000Z',
      duplicate: 1,
      refused: 1,
      published: 2,
      ackP99Ms: 5,
    },
  ])
  expect(overview.sources).toMatchObject([
    { name: 'github', accepted: 1, duplicate: 1, unhandled: 1 },
    { name: 'quiet', accepted: 0, lastReceivedAt: null },
  ])
  expect(overview.relay).toMatchObject({ state: 'down', pending: 3 })
})

test('alarms say what to do', async () => {
  const alarm = { name: 'kafka_down', subject: 'kafka', since: 0, text: 'it is down' } as const
  const { ask } = world({ alarms: [alarm] })

  const { alarms } = Alarms.parse(await ask('/api/alarms'))
  expect(alarms).toMatchObject([{ ...alarm, since: '1970-01-01T00:00:00.000Z' }])
  expect(alarms[0]?.hint).toContain('inlet doctor')
})
