import type { AlarmName } from '../alarm.ts'
import type { EpochMs } from '../clock.ts'
import { MINUTE_COLUMNS } from '../readings/traffic.ts'
import type { ConsumerReading, Readings, SourceReading } from '../readings/readings.ts'
import {
  ALARM_BLIP_MS,
  ALARM_STUCK_MS,
  CONSUMER_LOSS_MS_MAX,
  DISK_ALARM_FACTOR,
  FAILURES_SHARE_MIN,
  FAILURES_WINDOW_MINUTES,
  SHED_MS_MAX,
  SILENCE_MS_MIN,
  UNHANDLED_SHARE_MIN,
  UNHANDLED_WINDOW_MINUTES,
} from '../limits/observing.ts'

/** From when on something is an alarm. Where one is 0, nothing of its kind is. */
export interface AlarmThresholds {
  readonly silenceFactor: number
  readonly failures: number
  readonly unhandled: number
  readonly lagEntries: number
  readonly lagMs: number
  readonly skewMs: number
  /** Below which free space the door takes nothing. */
  readonly diskFreeMinBytes: number
}

/** Something that is not as it should be. */
export interface Condition {
  readonly name: AlarmName
  readonly subject: string
  readonly text: string
  /** False where it is better than what raises an alarm, and not yet good enough to clear it. */
  readonly isRaising: boolean
  /** How long it has to last before it is an alarm. */
  readonly afterMs: number
}

/** What stays of a threshold while an alarm is raised: it does not flap around the limit. */
const HYSTERESIS = 0.5

/** Everything that is not as it should be now. */
export function findConditions(readings: Readings, limits: AlarmThresholds): readonly Condition[] {
  return [
    ...readings.sources.flatMap((source) => [
      ...silence(source, readings, limits),
      ...failures(source, readings, limits),
      ...unhandled(source, readings, limits),
      ...skew(source, limits),
    ]),
    ...lag(readings, limits),
    ...waitingTopics(readings),
    ...deadLetters(readings),
    ...readings.consumers.flatMap((consumer) => [
      ...downConsumer(consumer, readings),
      ...lostRecords(consumer, readings),
    ]),
    ...overload(readings),
    ...disk(readings, limits),
    ...outages(readings),
  ]
}

function silence(
  { name, traffic: { rhythm } }: SourceReading,
  { now }: Readings,
  { silenceFactor }: AlarmThresholds,
): readonly Condition[] {
  const usualMs = rhythm.usualGapMs(now)
  const { silentSince } = rhythm
  if (silenceFactor === 0 || usualMs === null || silentSince === null) return []
  const silentMs = now - silentSince
  if (silentMs <= Math.max(usualMs * silenceFactor, SILENCE_MS_MIN)) return []
  const usual = `its longest pause in eight days was ${duration(usualMs)}`
  const text = `${name} has sent nothing for ${duration(silentMs)}; ${usual}`
  return [{ name: 'source_silent', subject: name, text, isRaising: true, afterMs: 0 }]
}

/** Deliveries of the last minutes: those that were taken, and those of a column of bad ones. */
function lately(
  { traffic: { minutes } }: SourceReading,
  { now }: Readings,
  column: 'unproven' | 'unhandled',
  minutesBack: number,
) {
  let taken = 0
  let bad = 0
  for (let age = 0; age < minutesBack; age += 1) {
    const row = minutes.row(now, age)
    taken += (row[MINUTE_COLUMNS.accepted] ?? 0) + (row[MINUTE_COLUMNS.duplicate] ?? 0)
    bad += row[MINUTE_COLUMNS[column]] ?? 0
  }
  return { taken, bad }
}

function failures(
  source: SourceReading,
  readings: Readings,
  limits: AlarmThresholds,
): readonly Condition[] {
  const { name } = source
  const { taken, bad: unproven } = lately(source, readings, 'unproven', FAILURES_WINDOW_MINUTES)
  const isMany = unproven >= limits.failures * HYSTERESIS
  const isShare = unproven >= (taken + unproven) * FAILURES_SHARE_MIN
  if (limits.failures === 0 || unproven === 0 || !isMany || !isShare) return []
  const isRaising = unproven >= limits.failures
  const all = `${unproven} of ${taken + unproven} deliveries`
  const text = `${all} of ${name} were not proven within ${FAILURES_WINDOW_MINUTES} minutes`
  return [{ name: 'verification_failures', subject: name, text, isRaising, afterMs: 0 }]
}

function unhandled(
  source: SourceReading,
  readings: Readings,
  limits: AlarmThresholds,
): readonly Condition[] {
  const { name } = source
  const { taken, bad } = lately(source, readings, 'unhandled', UNHANDLED_WINDOW_MINUTES)
  if (limits.unhandled === 0 || bad === 0) return []
  // A source that sends twice a day never has many.
  const isShare = bad >= taken * UNHANDLED_SHARE_MIN
  if (bad < limits.unhandled * HYSTERESIS && !isShare) return []
  const isRaising = bad >= limits.unhandled || isShare
  const all = `${bad} of ${taken} events of ${name} within ${UNHANDLED_WINDOW_MINUTES} minutes`
  const text = `${all} are failed or invalid`
  return [{ name: 'events_unhandled', subject: name, text, isRaising, afterMs: 0 }]
}

function skew(
  { name, skewMs }: SourceReading,
  { skewMs: limitMs }: AlarmThresholds,
): readonly Condition[] {
  const offMs = Math.abs(skewMs ?? 0)
  if (limitMs === 0 || offMs <= limitMs * HYSTERESIS) return []
  const where = (skewMs ?? 0) > 0 ? 'ahead of' : 'behind'
  const text = `our clock is ${duration(offMs)} ${where} what ${name} signs`
  return [
    { name: 'clock_skew', subject: name, text, isRaising: offMs > limitMs, afterMs: ALARM_BLIP_MS },
  ]
}

function lag({ relay }: Readings, limits: AlarmThresholds): readonly Condition[] {
  const { pending, oldestPendingMs } = relay
  const isMany = (factor: number) => limits.lagEntries > 0 && pending > limits.lagEntries * factor
  const isOld = (factor: number) => limits.lagMs > 0 && oldestPendingMs > limits.lagMs * factor
  if (!isMany(HYSTERESIS) && !isOld(HYSTERESIS)) return []
  const text = `${pending} records wait, the oldest for ${duration(oldestPendingMs)}`
  const isRaising = isMany(1) || isOld(1)
  // A burst comes and goes; what is old has waited long enough.
  const afterMs = isOld(1) ? 0 : ALARM_BLIP_MS
  return [{ name: 'lag', subject: 'outbox', text, isRaising, afterMs }]
}

function waitingTopics({ relay: { retry, retryTopics } }: Readings): readonly Condition[] {
  const [first, second, ...others] = retryTopics
  if (first === undefined) return []
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  const topics = second === undefined ? first : `${first}, ${second}${more}`
  const text = `${retry} records wait for ${topics}`
  return [
    { name: 'topic_waits', subject: 'outbox', text, isRaising: true, afterMs: ALARM_STUCK_MS },
  ]
}

/** While Kafka is away none runs, and one alarm says so. */
function downConsumer(
  { name, state, reason }: ConsumerReading,
  { relay }: Readings,
): readonly Condition[] {
  if (state !== 'starting' || reason === null || relay.state === 'down') return []
  const afterMs = ALARM_STUCK_MS
  return [{ name: 'consumer_down', subject: name, text: reason, isRaising: true, afterMs }]
}

function lostRecords(
  { name, tally: { dead, deadAt, lost, lostAt } }: ConsumerReading,
  { now }: Readings,
): readonly Condition[] {
  const isRecent = (at: EpochMs | null) => at !== null && now - at <= CONSUMER_LOSS_MS_MAX
  const base = { subject: name, isRaising: true, afterMs: 0 } as const
  const given = `${name} has given up ${dead} records since the start`
  const deleted = `${name} has missed ${lost} offsets since the start`
  return [
    ...(isRecent(deadAt) ? [{ ...base, name: 'consumer_dead', text: given } as const] : []),
    ...(isRecent(lostAt) ? [{ ...base, name: 'consumer_lost', text: deleted } as const] : []),
  ]
}

function deadLetters({ relay: { blocked, dead } }: Readings): readonly Condition[] {
  if (blocked + dead === 0) return []
  const text = `${blocked} records are blocked, ${dead} are dead`
  return [{ name: 'dead_letters', subject: 'outbox', text, isRaising: true, afterMs: 0 }]
}

function overload({ door: { shedAgoMs } }: Readings): readonly Condition[] {
  if (shedAgoMs === null || shedAgoMs > SHED_MS_MAX) return []
  const text = 'deliveries are refused because they would have to wait for too long'
  return [{ name: 'overloaded', subject: 'intake', text, isRaising: true, afterMs: ALARM_BLIP_MS }]
}

function disk({ door }: Readings, { diskFreeMinBytes }: AlarmThresholds): readonly Condition[] {
  const { diskFreeBytes } = door
  if (diskFreeBytes === null) return []
  const raiseBytes = diskFreeMinBytes * DISK_ALARM_FACTOR
  if (diskFreeBytes >= raiseBytes / (1 - HYSTERESIS / 2)) return []
  const free = `${megabytes(diskFreeBytes)} MB are free`
  const text = `${free}; below ${megabytes(diskFreeMinBytes)} MB nothing is taken`
  const isRaising = diskFreeBytes < raiseBytes
  return [{ name: 'disk_low', subject: 'disk', text, isRaising, afterMs: 0 }]
}

function outages({ relay, redis }: Readings): readonly Condition[] {
  const down = { isRaising: true, afterMs: ALARM_BLIP_MS } as const
  const { code, detail } = relay.fault ?? { code: 'Kafka', detail: 'it does not answer' }
  const kafka = { name: 'kafka_down', subject: 'kafka', text: `${code}: ${detail}` } as const
  const other = { name: 'redis_down', subject: 'redis', text: 'Redis does not answer' } as const
  return [
    ...(relay.state === 'down' ? [{ ...kafka, ...down }] : []),
    ...(redis?.isUp === false ? [{ ...other, ...down }] : []),
  ]
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6)
}
