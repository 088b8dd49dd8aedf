/** The wiring of what is counted, kept and watched beside the path of a delivery. */
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { fileBytes } from '../../db/files.ts'
import { DATABASE_FILE } from '../../db/open.ts'
import type { Rhythms } from '../../db/rhythms.ts'
import type { Health } from '../../routes/health.ts'
import { openAlarms, type AlarmChange, type Alarms } from '../alarms/alarms.ts'
import type { AlarmThresholds } from '../alarms/conditions.ts'
import { openNotices, type Notices } from '../alarms/notices.ts'
import type { Clock } from '../clock.ts'
import type { Consuming } from './consuming.ts'
import { CommitMeter } from '../readings/commit-meter.ts'
import type { Config } from '../settings/config.ts'
import type { Door } from '../door/door.ts'
import { messageOf } from '../faults/faults.ts'
import { monitorEventLoop, type EventLoopMonitor } from '../readings/event-loop.ts'
import type { Hint } from '../idempotency/hint.ts'
import { randomToken } from '../ids.ts'
import type { Log } from '../log.ts'
import { openCallOut } from '../outbound/call-out.ts'
import { CATALOGUE } from '../providers/catalogue.ts'
import { signSample } from '../providers/sign.ts'
import type { Readings, SourceReading } from '../readings/readings.ts'
import { openRejections, type Rejections } from '../rejections/rejections.ts'
import type { RelayThread } from './relay-thread.ts'
import type { Served } from '../loading/reload.ts'
import type { Scope } from '../scope.ts'
import { Traffic } from '../readings/traffic.ts'
import { RHYTHM_KEEP_MS, WATCH_TICK_MS } from '../limits/observing.ts'

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

export interface WatchPorts {
  readonly clock: Clock
  readonly log: Log
  readonly scope: Scope
  readonly observation: Observation
  readonly served: () => Served
  readonly door: Door
  readonly relay: RelayThread
  readonly hint: Hint
  readonly consuming: Pick<Consuming, 'status'>
  readonly health: () => Health
  /** What earlier processes knew of the pauses of sources. */
  readonly rhythms: Rhythms
}

/** What is known of the gateway now. */
export interface Watch {
  readonly readings: () => Readings
}

/** Adds up what the stages count, whenever somebody asks, and looks after alarms by itself. */
export function openWatch(config: Config, ports: WatchPorts, opened: AsyncDisposableStack): Watch {
  const eventLoop = monitorEventLoop()
  opened.defer(() => eventLoop.close())
  const alarms = openAlarms({ ...ports, thresholds: thresholdsOf(config), onChange })
  const readings = openReadings(config, { ...ports, eventLoop, alarms })
  const notices = openNoticesOf(config, ports)
  if (notices !== undefined) ports.scope.run('notices', (signal) => notices.run(signal))

  function onChange(change: AlarmChange): void {
    notices?.notice(change)
  }

  keepRhythms(ports)
  ports.scope.run('watch', async (signal) => {
    // The first span is watched: many a delivery has waited for the start.
    eventLoop.roll(true)
    for (let seen = 0; !signal.aborted;) {
      await ports.clock.sleep(WATCH_TICK_MS, signal)
      const { requests } = ports.observation.traffic
      eventLoop.roll(requests !== seen)
      seen = requests
      if (signal.aborted) return
      try {
        alarms.evaluate(readings())
      } catch (error) {
        // Who cannot look must not end what works.
        ports.log.error('watch.failed', { reason: messageOf(error) })
      }
    }
  })
  return { readings }
}

/** Goes on from what earlier processes knew of sources, and writes down what later ones need. */
function keepRhythms({ clock, log, scope, observation, rhythms }: WatchPorts): void {
  const { traffic } = observation
  const document = rhythms.read()
  if (document !== undefined) traffic.resumeRhythms(document)
  scope.run('rhythms', async (signal) => {
    while (!signal.aborted) {
      await clock.sleep(RHYTHM_KEEP_MS, signal)
      try {
        rhythms.write(traffic.knownRhythms())
      } catch (error) {
        // A full disk: an alarm that comes later is all it costs. What cannot be trusted any more
        // has ended the process already.
        log.warn('rhythms.failed', { reason: messageOf(error) })
      }
    }
  })
}

function thresholdsOf(config: Config): AlarmThresholds {
  return {
    silenceFactor: config.INLET_ALARM_SILENCE_FACTOR,
    failures: config.INLET_ALARM_FAILURES,
    unhandled: config.INLET_ALARM_UNHANDLED,
    lagEntries: config.INLET_ALARM_LAG_ENTRIES,
    lagMs: config.INLET_ALARM_LAG_MS,
    skewMs: config.INLET_ALARM_SKEW_MS,
    diskFreeMinBytes: config.INLET_DISK_FREE_MIN_BYTES,
  }
}

/** Whom to tell of alarms, where somebody is configured: signed as any Standard Webhook. */
function openNoticesOf(config: Config, { clock, log }: WatchPorts): Notices | undefined {
  const { INLET_ALARM_URL: url, INLET_ALARM_SECRET: secret, INLET_NODE: node } = config
  const row = CATALOGUE.get('standard_webhooks')
  if (url === undefined || secret === undefined || row === undefined) return undefined
  return openNotices({
    clock,
    log,
    url,
    node,
    newId: () => `msg_${randomToken()}`,
    // The operator wrote the address: it may be one of their own network.
    callOut: openCallOut({ clock, mayConnect: () => true }),
    sign(id, body) {
      const options = { secret, body, eventId: id, type: 'alarm', now: clock.now(), config: {} }
      return signSample(row, { ...options, url }).headers
    },
  })
}

interface ReadingsPorts extends WatchPorts {
  readonly eventLoop: EventLoopMonitor
  readonly alarms: Alarms
}

function openReadings(config: Config, ports: ReadingsPorts): () => Readings {
  const { clock, observation, door, relay } = ports
  const startedAt = clock.now()
  const path = join(config.INLET_DATA_DIR, DATABASE_FILE)

  function sources(): readonly SourceReading[] {
    const { sources, callers } = ports.served()
    const ofSources = [...sources.values()].map(({ name, refusals, secretUses, skew }) => ({
      name,
      traffic: observation.traffic.of(name),
      refusals: refusals ?? new Map(),
      secretUses: secretUses ?? [],
      skewMs: skew?.medianMs() ?? null,
    }))
    const ofCallers = [...callers.keys()].map((name) => ({
      name,
      traffic: observation.traffic.of(name),
      refusals: new Map(),
      secretUses: [],
      skewMs: null,
    }))
    return [...ofSources, ...ofCallers]
  }

  function consumers(): Readings['consumers'] {
    return [...ports.served().consumers.keys()].flatMap((name) => {
      const status = ports.consuming.status(name)
      return status === undefined ? [] : { name, ...status }
    })
  }

  function redis(): Readings['redis'] {
    const state = ports.hint.state()
    return state === 'off' ? undefined : { isUp: state === 'up', claims: ports.hint.counts() }
  }

  return () => {
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
      door: { ...door.status(), turnedAway: door.turnedAway(), shedAgoMs: door.shedAgoMs() },
      relay: { ...lag, sends, failedSends, traffic: observation.traffic.relay },
      redis: redis(),
      consumers: consumers(),
      eventLoop: ports.eventLoop.last(),
      databaseBytes: fileBytes(path),
      walBytes: fileBytes(`${path}-wal`),
      rssBytes: process.memoryUsage.rss(),
      cpuMs: (user + system) / 1000,
      alarms: ports.alarms.active(),
    }
  }
}
