/**
 * The wiring of the admin port: what it answers, from the stages that `app.ts` opened. Another
 * resource of the API needs its ports in `openApi`, and a line in routes/admin/api.ts.
 */
import packageJson from '../../package.json' with { type: 'json' }
import { join } from 'node:path'
import { DATABASE_FILE } from '../../db/open.ts'
import { adminRoutes } from '../../routes/admin-port.ts'
import type { EventsAsked } from '../../routes/admin/events.ts'
import { guard } from '../../routes/guard.ts'
import type { Health } from '../../routes/health.ts'
import { openOperators } from '../../routes/operator.ts'
import { problem } from '../../routes/problem.ts'
import type { System } from '../admin-api/admin-api.ts'
import type { OutboxQuery } from '../admin-api/events.ts'
import type { Clock } from '../clock.ts'
import type { Consuming } from './consuming.ts'
import { dashboardFiles } from './dashboard-files.ts'
import { openRate } from '../door/rate.ts'
import { messageOf } from '../faults/faults.ts'
import {
  LOGIN_ADDRESSES_MAX,
  LOGIN_BURST,
  LOGIN_PER_SECOND,
  SEARCH_MS_MAX,
  WRONG_TOKENS_TELL_MS,
} from '../limits/admin.ts'
import { listen, type Listening } from './listen.ts'
import type { Log } from '../log.ts'
import { expose, TEXT_FORMAT } from '../metrics/expose.ts'
import { METRICS } from '../metrics/metrics.ts'
import type { Observation, Watch } from './observe.ts'
import type { Pairing } from '../pairing/pairing.ts'
import { openQueryThread, type QueryThread } from './query-thread.ts'
import type { Reloader } from '../loading/reload.ts'
import type { Rerunning } from './reruns.ts'
import type { Setup } from './setup.ts'
import type { Tail } from '../tail.ts'

/** What stands behind the admin port. */
export interface AdminPortPorts {
  readonly clock: Clock
  readonly log: Log
  readonly reloader: Reloader
  readonly pairing: Pairing
  readonly health: () => Health
  readonly tail: Tail
  readonly observation: Observation
  readonly watch: Watch
  readonly reruns: Rerunning
  readonly consuming: Consuming
}

export function openAdminPort(
  setup: Setup,
  ports: AdminPortPorts,
  opened: AsyncDisposableStack,
): Listening {
  const { config } = setup
  const { clock, log, reloader, pairing, health, watch, tail } = ports
  const guesses = openRate({
    clock,
    perSecond: LOGIN_PER_SECOND,
    burst: LOGIN_BURST,
    keysMax: LOGIN_ADDRESSES_MAX,
  })
  const path = join(config.INLET_DATA_DIR, DATABASE_FILE)
  const thread = openQueryThread({ clock, log, path })
  opened.defer(() => thread.close())
  const onWrong = openWrongTokens({ clock, log })
  const operators = openOperators({ clock, token: config.INLET_ADMIN_TOKEN, guesses, onWrong })

  /**
   * Its schemas take longer to load than all the rest: no start waits for that. In pieces of up to
   * 6 ms, between which deliveries are taken: together they take 20.
   */
  async function openApi() {
    for (const load of API_PIECES) {
      await load()
      await clock.sleep(0)
    }
    const { apiRoutes } = await import('../../routes/admin/api.ts')
    await clock.sleep(0)
    return apiRoutes({
      log,
      version: packageJson.version,
      operators,
      ...storedPorts(setup, ports, thread),
      tail: { watch: (source) => tail.watch(source) },
      sources: {
        sources: () => reloader.current().sources,
        pair: (source) => pairing.begin(source),
        waitsUntil: (source) => pairing.waitsUntil(source),
        traffic: (source) => ports.observation.traffic.of(source),
        baseUrl: config.INLET_URL,
        clock,
      },
      overview: { readings: watch.readings, health },
      consumers: { ...ports.consuming, consumers: () => reloader.current().consumers },
      rejected: { list: (query) => ports.observation.rejections.list(query) },
      reruns: ports.reruns,
    })
  }

  const routes = adminRoutes({
    health,
    openApi,
    dashboard: { files: dashboardFiles },
    metrics: { mediaType: TEXT_FORMAT, expose: () => expose(METRICS, watch.readings()) },
  })
  return listen({
    clock,
    host: config.INLET_ADMIN_HOST,
    port: config.INLET_ADMIN_PORT,
    fetch: guard(operators, (request, visitor) => routes.fetch(request, visitor)),
    onError(error) {
      log.error('admin.failed', { reason: messageOf(error) })
      return problem('QUERY_FAILED', 'the log of the gateway says why')
    },
  })
}

/** Each needs those before it. */
const API_PIECES = [
  () => import('../admin-api/admin-api.ts'),
  () => import('../admin-api/events.ts'),
  () => import('../admin-api/reruns.ts'),
]

/** What is answered by the thread that reads. */
function storedPorts(
  { config }: Setup,
  { reloader, health, watch }: AdminPortPorts,
  { ask }: QueryThread,
) {
  function sources(): readonly string[] {
    const { sources: third, callers } = reloader.current()
    return [...third.keys(), ...callers.keys()]
  }

  async function system(): Promise<System> {
    const { node, ...database } = await ask('facts', null)
    const { version, startedAt, redis, eventLoop, rssBytes } = watch.readings()
    const now = health()
    const { state, fault } = now.relay
    const kind = config.REDIS_URL === undefined ? 'upstash' : 'redis'
    return {
      ...now,
      relay: { ...now.relay, retryTopics: [...now.relay.retryTopics] },
      version,
      node,
      startedAt: new Date(startedAt).toISOString(),
      database,
      disk: { freeBytes: now.door.diskFreeBytes, minBytes: config.INLET_DISK_FREE_MIN_BYTES },
      kafka: { brokers: [...config.KAFKA_BROKERS], state, fault },
      redis: redis === undefined ? null : { kind, state: redis.isUp ? 'up' : 'down' },
      eventLoopDelayP99Ms: eventLoop.p99Ms,
      rssBytes,
    }
  }

  return {
    events: {
      search: (asked: EventsAsked) =>
        ask('search', { ...asked, order: 'newest', msMax: SEARCH_MS_MAX, sources: sources() }),
      event: (seq: number) => ask('event', seq),
      body: (seq: number) => ask('body', seq),
    },
    outbox: { list: (query: OutboxQuery) => ask('outbox', query) },
    system: { system },
  }
}

/** Writes down that somebody guesses, and from where; one line in a while for all that do. */
function openWrongTokens({ clock, log }: Pick<AdminPortPorts, 'clock' | 'log'>) {
  let untold = 0
  let toldMs = -Infinity
  return (peer: string): void => {
    untold += 1
    const nowMs = clock.monotonicMs()
    if (nowMs - toldMs < WRONG_TOKENS_TELL_MS) return
    log.warn('admin.token_refused', { count: untold, lastPeer: peer })
    untold = 0
    toldMs = nowMs
  }
}
