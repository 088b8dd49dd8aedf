import { createRoute } from '@hono/zod-openapi'
import { Alarms, Overview, type Alarm } from '../../src/admin-api/admin-api.ts'
import { ALARMS, type ActiveAlarm } from '../../src/alarm.ts'
import { MINUTES, minuteStart } from '../../src/readings/minutes.ts'
import type { Readings } from '../../src/readings/readings.ts'
import { MINUTE_COLUMNS, type SourceTraffic } from '../../src/readings/traffic.ts'
import type { Health } from '../health.ts'
import { answering, openResource } from './resource.ts'

export interface OverviewPorts {
  readonly readings: () => Readings
  readonly health: () => Health
}

const overview = createRoute({
  method: 'get',
  path: '/api/overview',
  summary: 'The last hour at a glance.',
  responses: answering(Overview, 'Sixty minutes, every source, and what needs a person.'),
})

const alarms = createRoute({
  method: 'get',
  path: '/api/alarms',
  summary: 'What needs a person now.',
  responses: answering(Alarms, 'The alarms that are raised, the oldest first.'),
})

export function overviewRoutes({ readings, health }: OverviewPorts) {
  const app = openResource()
  app.openapi(overview, (c) => {
    const now = readings()
    const { relay } = health()
    const { retryTopics, ...lag } = relay
    return c.json(
      {
        now: toText(now.now),
        startedAt: toText(now.startedAt),
        perMinute: perMinute(now),
        sources: now.sources.map(({ name, traffic }) => ({
          name,
          ...toCounts(traffic.minutes.total(now.now)),
          lastReceivedAt: traffic.lastReceivedAt === null ? null : toText(traffic.lastReceivedAt),
        })),
        relay: { ...lag, retryTopics: [...retryTopics] },
        alarms: now.alarms.map(toAlarm),
      },
      200,
    )
  })
  app.openapi(alarms, (c) => c.json({ alarms: readings().alarms.map(toAlarm) }, 200))
  return app
}

/** The oldest first, the minute that runs last. */
function perMinute({ now, sources, traffic, relay }: Readings): Overview['perMinute'] {
  const all = [...sources.map((source) => source.traffic), traffic.unknown]
  return Array.from({ length: MINUTES }, (_, at) => {
    const age = MINUTES - 1 - at
    return {
      at: toText(minuteStart(now, age)),
      ...toCounts(sumOf(all, now, age)),
      published: relay.traffic.minutes.row(now, age)[0] ?? 0,
      ackP99Ms: traffic.ackP99Ms(now, age),
    }
  })
}

function sumOf(all: readonly SourceTraffic[], now: number, age: number): readonly number[] {
  const sums = Object.values(MINUTE_COLUMNS).map(() => 0)
  for (const { minutes } of all) {
    for (const [column, value] of minutes.row(now, age).entries()) {
      sums[column] = (sums[column] ?? 0) + value
    }
  }
  return sums
}

function toCounts(row: ArrayLike<number>) {
  return {
    accepted: row[MINUTE_COLUMNS.accepted] ?? 0,
    duplicate: row[MINUTE_COLUMNS.duplicate] ?? 0,
    refused: row[MINUTE_COLUMNS.refused] ?? 0,
    unhandled: row[MINUTE_COLUMNS.unhandled] ?? 0,
  }
}

function toAlarm({ name, subject, since, text }: ActiveAlarm): Alarm {
  return { name, subject, since: toText(since), text, hint: ALARMS[name].hint }
}

function toText(at: number): string {
  return new Date(at).toISOString()
}
