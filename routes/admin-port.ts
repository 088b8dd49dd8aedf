import type { Hono } from 'hono'
import { dashboardRoutes, type DashboardPorts } from './dashboard.ts'
import { healthRoutes, type Health } from './health.ts'
import { metricsRoutes, type MetricsPorts } from './metrics.ts'
import type { Visitor } from './operator.ts'
import { problem } from './problem.ts'

export interface AdminPorts {
  readonly health: () => Health
  readonly dashboard: DashboardPorts
  readonly metrics: MetricsPorts
  /** The resources under `/api`: loaded with the first request to one. */
  readonly openApi: () => Promise<{
    fetch(request: Request, visitor: Visitor): Response | Promise<Response>
  }>
}

/** Everything on the admin port; `guard` stands before it. */
export function adminRoutes({
  health,
  openApi,
  dashboard,
  metrics,
}: AdminPorts): Hono<{ Bindings: Visitor }> {
  const app = healthRoutes(health)
    .route('/', dashboardRoutes(dashboard))
    .route('/', metricsRoutes(metrics))
  let opening: ReturnType<AdminPorts['openApi']> | undefined
  app.all('/api/*', async (c) => {
    opening ??= openApi()
    return (await opening).fetch(c.req.raw, c.env)
  })
  app.notFound(() => problem('ROUTE_UNKNOWN', 'there is /api, /metrics, /healthz and /readyz'))
  return app
}
