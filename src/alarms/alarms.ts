/**
 * Raises and clears alarms from what the gateway reads of itself. A condition has to last before it
 * is an alarm, where its kind comes and goes, and has to be gone for a while before it is none.
 */
import { ALARMS, type ActiveAlarm } from '../alarm.ts'
import type { Clock, EpochMs } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Readings } from '../readings/readings.ts'
import { ALARM_CLEAR_MS } from '../limits/observing.ts'
import { findConditions, type AlarmThresholds, type Condition } from './conditions.ts'

/** An alarm was raised, or is over. */
export interface AlarmChange {
  readonly kind: 'raised' | 'cleared'
  readonly alarm: ActiveAlarm
  readonly at: EpochMs
}

export interface AlarmPorts {
  readonly clock: Clock
  readonly log: Log
  readonly thresholds: AlarmThresholds
  /** Is told of each change. Must not throw. */
  readonly onChange: (change: AlarmChange) => void
}

export interface Alarms {
  /** Those that are raised, the oldest first. */
  active(): readonly ActiveAlarm[]
  /** Looks at how things are now. */
  evaluate(readings: Readings): void
}

interface Watched {
  readonly firstMs: number
  /** When it was last as bad as to be kept. */
  lastMs: number
  /** Undefined while it has not lasted long enough. */
  alarm: ActiveAlarm | undefined
}

export function openAlarms({ clock, log, thresholds, onChange }: AlarmPorts): Alarms {
  const watched = new Map<string, Watched>()

  function see(condition: Condition): void {
    const { name, subject, text, isRaising, afterMs } = condition
    const key = `${name} ${subject}`
    const nowMs = clock.monotonicMs()
    const known = watched.get(key)
    if (known === undefined && !isRaising) return
    const seen = known ?? { firstMs: nowMs, lastMs: nowMs, alarm: undefined }
    watched.set(key, seen)
    if (seen.alarm === undefined && !isRaising) {
      watched.delete(key)
      return
    }
    seen.lastMs = nowMs
    if (seen.alarm !== undefined) {
      seen.alarm = { ...seen.alarm, text }
    } else if (nowMs - seen.firstMs >= afterMs) {
      seen.alarm = { name, subject, since: clock.now(), text }
      log.warn('alarm.raised', { alarm: name, subject, text, hint: ALARMS[name].hint })
      onChange({ kind: 'raised', alarm: seen.alarm, at: clock.now() })
    }
  }

  /** What is no longer seen: at once where it was no alarm yet. */
  function forget(seenNow: ReadonlySet<string>): void {
    const nowMs = clock.monotonicMs()
    for (const [key, { alarm, lastMs }] of watched) {
      if (seenNow.has(key)) continue
      if (alarm !== undefined && nowMs - lastMs < ALARM_CLEAR_MS) continue
      watched.delete(key)
      if (alarm === undefined) continue
      const { name, subject, since } = alarm
      const lastedS = Math.round((clock.now() - since) / 1000)
      log.info('alarm.cleared', { alarm: name, subject, lastedS })
      onChange({ kind: 'cleared', alarm, at: clock.now() })
    }
  }

  return {
    active() {
      const all = [...watched.values()].flatMap(({ alarm }) => alarm ?? [])
      return all.toSorted((a, b) => a.since - b.since)
    },
    evaluate(readings) {
      const conditions = findConditions(readings, thresholds)
      for (const condition of conditions) see(condition)
      forget(new Set(conditions.map(({ name, subject }) => `${name} ${subject}`)))
    },
  }
}
