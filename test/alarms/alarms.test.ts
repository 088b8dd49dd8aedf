import { describe, expect, test } from 'bun:test'
import type { AlarmChange } from '../../src/alarms/alarms.ts'
import { openAlarms } from '../../src/alarms/alarms.ts'
import type { AlarmThresholds } from '../../src/alarms/conditions.ts'
import { newTally } from '../../src/consumer-status.ts'
import type { EventState } from '../../src/event.ts'
import type { LogFields } from '../../src/log.ts'
import type { Readings } from '../../src/readings/readings.ts'
import {
  ALARM_BLIP_MS,
  ALARM_CLEAR_MS,
  ALARM_STUCK_MS,
  CONSUMER_LOSS_MS_MAX,
  SHED_MS_MAX,
  WATCH_TICK_MS,
} from '../../src/limits/observing.ts'
import { manualClock } from '../support/manual-clock.ts'
import { consumerReading, quietReadings, sourceReading } from '../support/readings.ts'

const HOUR = 60 * 60_000
const DAY = 24 * HOUR
const THRESHOLDS: AlarmThresholds = {
  silenceFactor: 2,
  failures: 10,
  unhandled: 10,
  lagEntries: 1_000,
  lagMs: 60_000,
  skewMs: 60_000,
  diskFreeMinBytes: 1e9,
}

function world(thresholds: Partial<AlarmThresholds> = {}) {
  const clock = manualClock()
  const lines: [event: string, fields: LogFields | undefined][] = []
  const changes: AlarmChange[] = []
  const write = (event: string, fields?: LogFields) => void lines.push([event, fields])
  const alarms = openAlarms({
    clock,
    log: { debug: write, info: write, warn: write, error: write },
    thresholds: { ...THRESHOLDS, ...thresholds },
    onChange: (change) => void changes.push(change),
  })
  const quiet = quietReadings(clock)
  /** Looks once, as the gateway is with these changes. */
  function look(changed: Partial<Readings> = {}): readonly string[] {
    alarms.evaluate({ ...quiet, now: clock.now(), ...changed })
    return alarms.active().map(({ name, subject }) => `${name} ${subject}`)
  }
  /** Looks every 10 s for a while. */
  function lookFor(ms: number, changed: () => Partial<Readings>): readonly string[] {
    let seen = look(changed())
    for (let passed = 0; passed < ms; passed += WATCH_TICK_MS) {
      clock.advance(WATCH_TICK_MS)
      seen = look(changed())
    }
    return seen
  }
  return { clock, quiet, alarms, lines, changes, look, lookFor }
}

const relay = (changes: Partial<Readings['relay']>) => ({
  relay: { ...quietReadings().relay, ...changes },
})

test('nothing is wrong with a quiet gateway', () => {
  expect(world().look()).toEqual([])
})

describe('an alarm', () => {
  test('says what was seen, and what to do; and when it is over', () => {
    const { clock, lines, changes, look, alarms } = world()
    look(relay({ blocked: 2, dead: 1 }))
    expect(lines).toMatchObject([
      ['alarm.raised', { alarm: 'dead_letters', text: '2 records are blocked, 1 are dead' }],
    ])
    look(relay({ blocked: 3, dead: 1 }))
    expect(alarms.active()[0]?.text).toBe('3 records are blocked, 1 are dead')
    clock.advance(ALARM_CLEAR_MS)
    expect(look()).toEqual([])
    expect(lines.at(-1)).toMatchObject(['alarm.cleared', { alarm: 'dead_letters', lastedS: 30 }])
    expect(changes.map(({ kind }) => kind)).toEqual(['raised', 'cleared'])
  })

  test('is not raised by what comes and goes', () => {
    const { clock, look, lookFor, changes } = world()
    const down = relay({ state: 'down' })
    look(down)
    clock.advance(20_000)
    look()
    clock.advance(20_000)
    expect(look(down)).toEqual([])
    expect(lookFor(30_000, () => down)).toEqual(['kafka_down kafka'])
    clock.advance(ALARM_CLEAR_MS - 1)
    expect(look()).toEqual(['kafka_down kafka'])
    expect(look(down)).toEqual(['kafka_down kafka'])
    expect(changes).toHaveLength(1)
  })

  test('stays around its limit, and does not flap', () => {
    const { lookFor, changes } = world()
    expect(lookFor(60_000, () => relay({ pending: 900 }))).toEqual([])
    expect(lookFor(30_000, () => relay({ pending: 1_001 }))).toEqual(['lag outbox'])
    expect(lookFor(60_000, () => relay({ pending: 600 }))).toEqual(['lag outbox'])
    expect(lookFor(60_000, () => relay({ pending: 500 }))).toEqual([])
    expect(changes).toHaveLength(2)
  })
})

describe('what is watched', () => {
  test('how old the oldest record is', () => {
    const { look } = world()
    expect(look(relay({ pending: 1, oldestPendingMs: 59_000 }))).toEqual([])
    expect(look(relay({ pending: 1, oldestPendingMs: 61_000 }))).toEqual(['lag outbox'])
  })

  test('deliveries for which there is no time, when it lasts', () => {
    const { quiet, lookFor, look } = world()
    const shed = (shedAgoMs: number) => ({ door: { ...quiet.door, shedAgoMs } })
    expect(lookFor(WATCH_TICK_MS, () => shed(1))).toEqual([])
    expect(lookFor(ALARM_BLIP_MS, () => shed(1))).toEqual(['overloaded intake'])
    expect(lookFor(ALARM_CLEAR_MS, () => shed(SHED_MS_MAX + 1))).toEqual([])
    expect(look(shed(HOUR))).toEqual([])
  })

  test('the disk, before it is so full that nothing is taken', () => {
    const { quiet, look, clock } = world()
    const free = (diskFreeBytes: number | null) => ({ door: { ...quiet.door, diskFreeBytes } })
    expect(look(free(2.1e9))).toEqual([])
    expect(look(free(1.9e9))).toEqual(['disk_low disk'])
    clock.advance(ALARM_CLEAR_MS)
    expect(look(free(2.1e9))).toEqual(['disk_low disk'])
    clock.advance(ALARM_CLEAR_MS)
    expect(look(free(null))).toEqual([])
  })

  test('Redis, where there is one', () => {
    const { lookFor } = world()
    const redis = { isUp: false, claims: {} }
    expect(lookFor(30_000, () => ({ redis }))).toEqual(['redis_down redis'])
  })

  test('deliveries that are not proven, where they are many and not a few among many', () => {
    const { quiet, look, clock } = world()
    const sources = [sourceReading(quiet, 'github')]
    const refuse = (times: number) => {
      for (let each = 0; each < times; each += 1) {
        quiet.traffic.count(
          'github',
          { kind: 'refused', code: 'SIGNATURE_MISMATCH', step: 'mismatch' },
          1,
        )
      }
    }
    refuse(9)
    expect(look({ sources })).toEqual([])
    refuse(1)
    expect(look({ sources })).toEqual(['verification_failures github'])
    for (let each = 0; each < 100; each += 1) {
      quiet.traffic.count('github', { kind: 'accepted', handleMs: 0 }, 1)
    }
    clock.advance(ALARM_CLEAR_MS)
    expect(look({ sources })).toEqual([])
    refuse(2)
    expect(look({ sources })).toEqual(['verification_failures github'])
    clock.advance(6 * 60_000)
    expect(look({ sources })).toEqual([])
  })

  test('events that no handler works for: many, or a few that are all', () => {
    const { quiet, look, clock } = world()
    const sources = [sourceReading(quiet, 'github'), sourceReading(quiet, 'rare')]
    const take = (name: string, state: EventState, times: number) => {
      for (let each = 0; each < times; each += 1) {
        quiet.traffic.count(name, { kind: 'accepted', state, handleMs: 0 }, 1)
      }
    }
    take('github', 'accepted', 1_000)
    take('github', 'invalid', 9)
    take('rare', 'ignored', 9)
    expect(look({ sources })).toEqual([])
    take('github', 'failed', 1)
    take('rare', 'failed', 1)
    expect(look({ sources })).toEqual(['events_unhandled github', 'events_unhandled rare'])
    clock.advance(11 * 60_000)
    expect(look({ sources })).toEqual([])
  })

  test('records that wait for a topic, once a deploy would have made it', () => {
    const { lookFor, alarms } = world()
    const waits = relay({ retry: 4, retryTopics: ['a', 'b', 'c', 'd'] })
    expect(lookFor(ALARM_STUCK_MS - WATCH_TICK_MS, () => waits)).toEqual([])
    expect(lookFor(WATCH_TICK_MS, () => waits)).toEqual(['topic_waits outbox'])
    expect(alarms.active()[0]?.text).toBe('4 records wait for a, b and 2 more')
    const one = relay({ retry: 1, retryTopics: ['a'] })
    lookFor(0, () => one)
    expect(alarms.active()[0]?.text).toBe('1 records wait for a')
    expect(lookFor(ALARM_CLEAR_MS, () => ({}))).toEqual([])
  })

  test('a consumer that does not run, unless it is Kafka that is away', () => {
    const { lookFor } = world()
    const down = [consumerReading({ state: 'starting', reason: 'TOPIC_UNKNOWN: gone' })]
    const away = relay({ state: 'down' })
    expect(lookFor(HOUR, () => ({ consumers: down, ...away }))).toEqual(['kafka_down kafka'])
    expect(lookFor(ALARM_STUCK_MS, () => ({ consumers: down }))).toEqual(['consumer_down orders'])
    const fresh = [consumerReading({ state: 'starting', reason: null })]
    expect(lookFor(ALARM_CLEAR_MS, () => ({ consumers: fresh }))).toEqual([])
    expect(lookFor(HOUR, () => ({ consumers: fresh }))).toEqual([])
  })

  test('records that a consumer has lost, until somebody has read of it', () => {
    const { clock, look, alarms } = world()
    const tally = { ...newTally(), dead: 3, deadAt: clock.now(), lost: 7, lostAt: clock.now() }
    const consumers = [consumerReading({ tally })]
    expect(look({ consumers })).toEqual(['consumer_dead orders', 'consumer_lost orders'])
    expect(alarms.active().map(({ text }) => text)).toEqual([
      'orders has given up 3 records since the start',
      'orders has missed 7 offsets since the start',
    ])
    clock.advance(CONSUMER_LOSS_MS_MAX)
    expect(look({ consumers })).toHaveLength(2)
    clock.advance(ALARM_CLEAR_MS)
    expect(look({ consumers })).toEqual([])
  })

  test('a source that pauses for twice as long as it ever did, and no other', () => {
    const { quiet, look, clock } = world()
    const sources = [sourceReading(quiet, 'github'), sourceReading(quiet, 'rare')]
    quiet.traffic.count('rare', { kind: 'duplicate', handleMs: 0 }, 1)
    for (let hour = 0; hour <= 25; hour += 1) {
      quiet.traffic.count('github', { kind: 'accepted', handleMs: 0 }, 1)
      if (hour < 25) clock.advance(HOUR)
    }
    clock.advance(2 * HOUR)
    expect(look({ sources })).toEqual([])
    clock.advance(1)
    expect(look({ sources })).toEqual(['source_silent github'])
    quiet.traffic.count('github', { kind: 'accepted', handleMs: 0 }, 1)
    clock.advance(ALARM_CLEAR_MS)
    expect(look({ sources })).toEqual([])
    clock.advance(DAY)
    expect(world({ silenceFactor: 0 }).look({ sources, now: clock.now() })).toEqual([])
  })

  test('our clock, both ways, where a provider signs the time', () => {
    const { quiet, lookFor, alarms } = world()
    const github = (skewMs: number) => ({ sources: [sourceReading(quiet, 'github', { skewMs })] })
    expect(lookFor(30_000, () => github(59_000))).toEqual([])
    expect(lookFor(30_000, () => github(-61_000))).toEqual(['clock_skew github'])
    expect(alarms.active()[0]?.text).toBe('our clock is 61 s behind what github signs')
  })

  test('nothing that is switched off', () => {
    const off = { silenceFactor: 0, failures: 0, unhandled: 0, lagEntries: 0, lagMs: 0, skewMs: 0 }
    const { quiet, lookFor } = world(off)
    const github = sourceReading(quiet, 'github', { skewMs: DAY })
    const end = { kind: 'refused', code: 'SIGNATURE_MISMATCH', step: 'mismatch' } as const
    for (let each = 0; each < 50; each += 1) quiet.traffic.count('github', end, 1)
    const failed = { kind: 'accepted', state: 'failed', handleMs: 0 } as const
    for (let each = 0; each < 50; each += 1) quiet.traffic.count('github', failed, 1)
    const bad = { ...relay({ pending: 1e6, oldestPendingMs: DAY }), sources: [github] }
    expect(lookFor(60_000, () => bad)).toEqual([])
  })
})
