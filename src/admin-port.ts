/**
 * The wiring of the admin port: what it answers, from the stages that `app.ts` opened. Another
 * resource of the API needs its ports in `openApi`, and a line in routes/admin/api.ts.
 */
import packageJson from '../package.json' with { type: 'json' }
import { adminRoutes } from '../routes/admin-port.ts'
import { guard } from '../routes/guard.ts'
import type { Health } from '../routes/health.ts'
import { openOperators } from '../routes/operator.ts'
import { problem } from '../routes/problem.ts'
import type { Clock } from './clock.ts'
import { dashboardFiles } from './dashboard-files.ts'
import { openRate } from './door/rate.ts'
import { messageOf } from './errors.ts'
import { LOGIN_ADDRESSES_MAX, LOGIN_BURST, LOGIN_PER_SECOND } from './admin-limits.ts'
import { listen, type Listening } from './listen.ts'
import type { Log } from './log.ts'
import { expose, TEXT_FORMAT } from './metrics/expose.ts'
import { METRICS } from './metrics/metrics.ts'
import type { Observation, Watch } from './observe.ts'
import type { Pairing } from './pairing/pairing.ts'
import type { Reloader } from './reload.ts'
import type { Rerunning } from './reruns.ts'
import type { Setup } from './setup.ts'

/** What stands behind the admin port. */
export interface AdminPortPorts {
  readonly clock: Clock
  readonly log: Log
  readonly reloader: Reloader
  readonly pairing: Pairing
  readonly health: () => Health
  readonly observation: Observation
  readonly watch: Watch
  readonly reruns: Rerunning
}

export function openAdminPort({ config }: Setup, ports: AdminPortPorts): Listening {
  const { clock, log, reloader, pairing, health, watch } = ports
  const guesses = openRate({
    clock,
    perSecond: LOGIN_PER_SECOND,
    burst: LOGIN_BURST,
    keysMax: LOGIN_ADDRESSES_MAX,
  })
  const operators = openOperators({ clock, token: config.INLET_ADMIN_TOKEN, guesses })

  /** Its schemas take longer to load than all the rest: no start waits for that. */
  async function openApi() {
    const { apiRoutes } = await import('../routes/admin/api.ts')
    return apiRoutes({
      log,
      version: packageJson.version,
      operators,
      sources: {
        sources: () => reloader.current().sources,
        pair: (source) => pairing.begin(source),
        waitsUntil: (source) => pairing.waitsUntil(source),
        traffic: (source) => ports.observation.traffic.of(source),
        baseUrl: config.INLET_URL,
        clock,
      },
      overview: { readings: watch.readings, health },
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
