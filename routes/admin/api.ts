/** The admin API: its resources, and the document that describes them. Loaded when asked for. */
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { GatewayError, messageOf } from '../../src/faults/faults.ts'
import { ADMIN_BODY_BYTES_MAX } from '../../src/limits/admin.ts'
import { lazily } from '../../src/lazily.ts'
import type { Log } from '../../src/log.ts'
import type { Operators } from '../operator.ts'
import { problem } from '../problem.ts'
import { consumersRoutes, type ConsumersPorts } from './consumers.ts'
import { rerunsRoutes, type RerunsPorts } from './reruns.ts'
import { eventsRoutes, type EventsPorts } from './events.ts'
import { outboxRoutes, type OutboxPorts } from './outbox.ts'
import { overviewRoutes, type OverviewPorts } from './overview.ts'
import { rejectedRoutes, type RejectedPorts } from './rejected.ts'
import { openResource } from './resource.ts'
import { sessionRoutes } from './session.ts'
import { sourcesRoutes, type SourcesPorts } from './sources.ts'
import { systemRoutes, type SystemPorts } from './system.ts'
import { tailRoutes, type TailPorts } from './tail.ts'

/** What the resources need, one port each. */
export interface ApiPorts {
  readonly log: Log
  readonly version: string
  readonly operators: Operators
  readonly events: EventsPorts
  readonly outbox: OutboxPorts
  readonly tail: TailPorts
  readonly system: SystemPorts
  readonly sources: SourcesPorts
  readonly overview: OverviewPorts
  readonly consumers: ConsumersPorts
  readonly rejected: RejectedPorts
  readonly reruns: RerunsPorts
}

export function apiRoutes(ports: ApiPorts) {
  const { log, version } = ports
  const app = openResource()
  const onError = () => problem('BODY_TOO_LARGE', `at most ${ADMIN_BODY_BYTES_MAX} bytes`)
  app.use(bodyLimit({ maxSize: ADMIN_BODY_BYTES_MAX, onError }))
  app.route('/', sessionRoutes(ports.operators))
  app.route('/', eventsRoutes(ports.events))
  app.route('/', outboxRoutes(ports.outbox))
  app.route('/', tailRoutes(ports.tail))
  app.route('/', systemRoutes(ports.system))
  app.route('/', sourcesRoutes(ports.sources))
  app.route('/', overviewRoutes(ports.overview))
  app.route('/', consumersRoutes(ports.consumers))
  app.route('/', rejectedRoutes(ports.rejected))
  app.route('/', rerunsRoutes(ports.reruns))
  // It takes 50 ms to build, and never changes.
  const document = lazily(() => {
    const info = { title: 'Inlet admin API', version }
    return app.getOpenAPI31Document({ openapi: '3.1.0', info })
  })
  app.get('/api/openapi.json', (c) => c.json(document()))
  app.notFound(() => problem('ROUTE_UNKNOWN', 'GET /api/openapi.json lists what there is'))
  app.onError((error) => {
    if (error instanceof GatewayError) return problem(error.code, error.detail)
    if (error instanceof HTTPException) {
      return error.res ?? problem('REQUEST_MALFORMED', messageOf(error))
    }
    log.error('admin.failed', { reason: messageOf(error) })
    return problem('QUERY_FAILED', 'the log of the gateway says why')
  })
  return app
}
