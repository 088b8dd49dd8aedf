import { describe, expect, test } from 'bun:test'
import { expose } from '../../src/metrics/expose.ts'
import { METRICS } from '../../src/metrics/metrics.ts'
import type { Readings } from '../../src/readings/readings.ts'
import { readScrape } from '../support/exposition.ts'
import { quietReadings, sourceReading } from '../support/readings.ts'

/** A gateway on which something of everything has happened. */
function busyReadings(): Readings {
  const quiet = quietReadings()
  const { traffic, commits } = quiet
  traffic.count('github', { kind: 'accepted', state: 'accepted', handleMs: 0.3 }, 4)
  traffic.count('github', { kind: 'refused', code: 'SIGNATURE_MISMATCH' }, 1)
  traffic.count(undefined, { kind: 'refused', code: 'SOURCE_UNKNOWN' }, 1)
  commits.items.observe(3)
  commits.syncMs.observe(2)
  const github = sourceReading(quiet, 'github', {
    refusals: new Map([['mismatch', 1]]),
    secretUses: [
      { digest: 'made-up-digest', deliveries: 0, lastUsedAt: null },
      { digest: 'made-up-digest', deliveries: 1, lastUsedAt: 1_500 },
    ],
    skewMs: -250,
  })
  return {
    ...quiet,
    sources: [github, sourceReading(quiet, 'quiet')],
    door: { ...quiet.door, turnedAway: new Map([['disk', 2]]) },
    redis: { isUp: false, claims: { mine: 1, skipped: 2 } },
    consumers: [
      {
        name: 'alerts',
        state: 'running',
        reason: null,
        tally: {
          processed: 5,
          duplicates: 1,
          passed: 0,
          dead: 2,
          lost: 7,
          attempts: 9,
          retries: 2,
          restarts: 1,
          deadAt: null,
          lostAt: null,
          fetchedAt: 2_500,
        },
        partitions: [
          { topic: 'shop', partition: 3, position: 4, highWatermark: 6, lag: 2, unfinished: 0 },
        ],
      },
    ],
    alarms: [{ name: 'redis_down', subject: 'a "b" \\ c\nd', since: 0, text: '' }],
  }
}

describe('a scrape', () => {
  test('says what happened, in base units', () => {
    const { samples } = readScrape(expose(METRICS, busyReadings()))

    expect(Object.fromEntries(samples)).toMatchObject({
      'inlet_deliveries_total{source="github",outcome="accepted"}': 1,
      'inlet_deliveries_total{source="github",outcome="refused"}': 1,
      'inlet_deliveries_total{source="quiet",outcome="accepted"}': 0,
      'inlet_events_total{source="github",state="accepted"}': 1,
      'inlet_refused_total{source="(unknown)",code="SOURCE_UNKNOWN"}': 1,
      'inlet_verification_failures_total{source="github",step="mismatch"}': 1,
      'inlet_secret_deliveries_total{source="github",place="1"}': 0,
      'inlet_secret_deliveries_total{source="github",place="2"}': 1,
      'inlet_secret_last_used_timestamp_seconds{source="github",place="2"}': 1.5,
      'inlet_source_clock_skew_seconds{source="github"}': -0.25,
      'inlet_handler_seconds_bucket{source="github",le="0.0005"}': 1,
      'inlet_handler_seconds_count{source="quiet"}': 0,
      'inlet_ack_seconds_bucket{le="0.0025"}': 0,
      'inlet_ack_seconds_bucket{le="0.005"}': 1,
      'inlet_ack_seconds_bucket{le="+Inf"}': 1,
      inlet_ack_seconds_sum: 0.004,
      inlet_commit_items_sum: 3,
      inlet_sync_seconds_count: 1,
      'inlet_door_refused_total{reason="disk"}': 2,
      inlet_redis_up: 0,
      'inlet_redis_claims_total{result="skipped"}': 2,
      inlet_kafka_up: 1,
      'inlet_consumer_up{consumer="alerts"}': 1,
      'inlet_consumer_lag_records{consumer="alerts",topic="shop",partition="3"}': 2,
      'inlet_consumer_records_total{consumer="alerts",outcome="dead"}': 2,
      'inlet_consumer_lost_offsets_total{consumer="alerts"}': 7,
      'inlet_consumer_last_fetch_timestamp_seconds{consumer="alerts"}': 2.5,
      'inlet_alarm{name="redis_down",subject="a \\"b\\" \\\\ c\\nd"}': 1,
    })
    expect([...samples.keys()].join()).not.toContain(
      'secret_last_used_timestamp_seconds{source="github",place="1"}',
    )
  })

  test('leaves out what there is not, and carries no digest of a secret', () => {
    const text = expose(METRICS, busyReadings())
    expect(text).not.toContain('made-up-digest')

    const { samples, kinds } = readScrape(expose(METRICS, quietReadings()))
    expect(samples.has('inlet_redis_up')).toBe(false)
    expect(kinds.size).toBe(METRICS.length)
  })
})

test('names follow the conventions of Prometheus', () => {
  for (const { name, kind, help } of METRICS) {
    expect(name).toMatch(/^(inlet|process)_[a-z_]+$/)
    expect(name.endsWith('_total')).toBe(kind === 'counter')
    expect(name).not.toMatch(/_(ms|millis|kb|mb)(_|$)/)
    expect(help.endsWith('.')).toBe(true)
  }
})
