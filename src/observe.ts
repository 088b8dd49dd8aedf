/** The wiring's third part: what is counted, kept and watched beside the path of a delivery. */
import { join } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }
import { fileBytes } from '../db/files.ts'
import { DATABASE_FILE } from '../db/open.ts'
import type { Health } from '../routes/health.ts'
import type { Clock } from './clock.ts'
import { CommitMeter } from './commit-meter.ts'
import type { Config } from './config.ts'
import type { Door } from './door/door.ts'
import { monitorEventLoop } from './event-loop.ts'
import type { Hint } from './idempotency/hint.ts'
import type { Readings, SourceReading } from './readings.ts'
import { openRejections, type Rejections } from './rejections/rejections.ts'
import type { RelayThread } from './relay-thread.ts'
import type { Served } from './reload.ts'
import { Traffic } from './traffic.ts'

/** What the stages tell, each through the part that it needs. */
export interface Observation {
  readonly traffic: Traffic
  readonly meter: CommitMeter
  readonly rejections: Rejections
}

export function openObservation(config: Config, { clock }: { readonly clock: Clock }): Observation {
  return {
    traffic: new Traffic(clock),
    meter: new CommitMeter(clock),
    rejections: openRejections({ clock, keepsBodies: config.INLET_KEEP_REJECTED_BODIES }),
  }
}

export interface ReadingsPorts {
  readonly clock: Clock
  readonly observation: Observation
  readonly served: () => Served
  readonly door: Door
  readonly relay: RelayThread
  readonly hint: Hint
  readonly health: () => Health
}

/** Adds up what the stages count, whenever somebody asks. */
export function openReadings(config: Config, ports: ReadingsPorts, opened: AsyncDisposableStack) {
  const { clock, observation, door, relay } = ports
  const startedAt = clock.now()
  const path = join(config.INLET_DATA_DIR, DATABASE_FILE)
  const eventLoop = monitorEventLoop()
  opened.defer(() => eventLoop.close())

  function sources(): readonly SourceReading[] {
    const { sources, callers } = ports.served()
    const both = [...sources.values(), ...[...callers.keys()].map((name) => ({ name }))]
    return both.map((source) => ({
      name: source.name,
      traffic: observation.traffic.of(source.name),
      refusals: ('refusals' in source ? source.refusals : undefined) ?? new Map(),
      secretUses: ('secretUses' in source ? source.secretUses : undefined) ?? [],
      skewMs: ('skew' in source ? source.skew : undefined)?.medianMs() ?? null,
    }))
  }

  function redis(): Readings['redis'] {
    const state = ports.hint.state()
    return state === 'off' ? undefined : { isUp: state === 'up', claims: ports.hint.counts() }
  }

  return {
    eventLoop,
    readings(): Readings {
      const { relay: lag } = ports.health()
      const { sends = 0, failedSends = 0 } = relay.status() ?? {}
      const { user, system } = process.cpuUsage()
      return {
        now: clock.now(),
        startedAt,
        version: packageJson.version,
        sources: sources(),
        traffic: observation.traffic,
        commits: observation.meter,
        door: { ...door.status(), turnedAway: door.turnedAway() },
        relay: { ...lag, sends, failedSends, traffic: observation.traffic.relay },
        redis: redis(),
        eventLoop: eventLoop.last(),
        databaseBytes: fileBytes(path),
        walBytes: fileBytes(`${path}-wal`),
        rssBytes: process.memoryUsage.rss(),
        cpuMs: (user + system) / 1000,
        alarms: [],
      }
    },
  }
}
