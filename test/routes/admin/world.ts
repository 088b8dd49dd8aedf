import { adminRoutes } from '../../../routes/admin-port.ts'
import { apiRoutes, type ApiPorts } from '../../../routes/admin/api.ts'
import { guard } from '../../../routes/guard.ts'
import type { Health } from '../../../routes/health.ts'
import { openOperators } from '../../../routes/operator.ts'
import { openRate } from '../../../src/door/rate.ts'
import { LOGIN_BURST, LOGIN_PER_SECOND } from '../../../src/limits/admin.ts'
import { openLog } from '../../../src/stdout-log.ts'
import { SourceTraffic } from '../../../src/readings/traffic.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { quietReadings } from '../../support/readings.ts'

export const TOKEN = 'made-up-admin-token'

export const HEALTH: Health = {
  ready: true,
  state: 'serving',
  door: { openRequests: 0, inflightBytes: 0, diskIsLow: false, diskFreeBytes: null },
  relay: {
    state: 'down',
    fault: { code: 'BROKER_UNAVAILABLE', detail: 'broker-1 is away' },
    pending: 3,
    oldestPendingMs: 10,
    retry: 0,
    retryTopics: [],
    blocked: 0,
    dead: 0,
  },
}

/** Test with real ones in test/routes/admin/reruns.test.ts. */
const none = () => undefined
const never = () => Promise.reject(new Error('nobody asks for a rerun here'))
const NO_RERUNS = {
  plan: never,
  ask: never,
  stop: never,
  resume: never,
  byId: none,
  list: () => [],
}

/** Test with real ones in test/routes/admin/consumers.test.ts. */
const NO_CONSUMERS = {
  consumers: () => new Map(),
  status: none,
  pause: none,
  resume: none,
  seek: () => Promise.resolve(0),
  adopt: () => Promise.resolve(),
}

interface Ask {
  readonly method?: string
  readonly json?: unknown
  readonly authorization?: string
  readonly headers?: Record<string, string>
  readonly peer?: string
  readonly origin?: string
}

interface AdminOptions {
  readonly token?: string
  /** What stands behind the API. Default: nothing does. */
  readonly ports?: Partial<ApiPorts>
}

const unasked = () => Promise.reject(new Error('nobody asks for this here'))
const NOTHING_STORED = {
  events: { search: unasked, event: unasked, body: unasked },
  outbox: { list: unasked },
  tail: { watch: () => new ReadableStream<Uint8Array>() },
  system: { system: unasked },
}

/** The admin port as requests meet it, without a socket. */
export function openAdmin({ token, ports = {} }: AdminOptions = {}) {
  const clock = manualClock()
  const rate = { perSecond: LOGIN_PER_SECOND, burst: LOGIN_BURST, keysMax: 10 }
  /** From where wrong tokens came. */
  const wrong: string[] = []
  const guesses = openRate({ clock, ...rate })
  const onWrong = (peer: string) => void wrong.push(peer)
  const operators = openOperators({ clock, token, guesses, onWrong })
  const routes = adminRoutes({
    health: () => HEALTH,
    dashboard: { files: () => Promise.resolve(new Map()) },
    metrics: { mediaType: 'text/plain', expose: () => 'inlet_open_requests 0\n' },
    openApi: () =>
      Promise.resolve(
        apiRoutes({
          log: openLog('silent', 'gateway'),
          version: '0.0.0',
          operators,
          ...NOTHING_STORED,
          sources: {
            sources: () => new Map(),
            pair: () => 'no',
            waitsUntil: () => null,
            traffic: () => new SourceTraffic(),
            baseUrl: undefined,
            clock,
          },
          overview: { readings: () => quietReadings(clock), health: () => HEALTH },
          consumers: NO_CONSUMERS,
          rejected: { list: () => ({ rejected: [], dropped: 0 }) },
          reruns: NO_RERUNS,
          ...ports,
        }),
      ),
  })
  const fetch = guard(operators, (request, visitor) => routes.fetch(request, visitor))

  async function ask(path: string, options: Ask = {}) {
    const { json, authorization, origin = 'http://127.0.0.1:8081', peer = '127.0.0.1' } = options
    const headers = new Headers(options.headers)
    if (authorization !== undefined) headers.set('authorization', authorization)
    if (json !== undefined) headers.set('content-type', 'application/json')
    const request = new Request(`${origin}${path}`, {
      method: options.method ?? 'GET',
      headers,
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
    const response = await fetch(request, peer)
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    const body = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>
    return { status: response.status, headers: response.headers, text, body }
  }
  return { ask, clock, wrong }
}
