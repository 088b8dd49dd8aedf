import { Hono } from 'hono'

/** What `/metrics` shows, in the text format of Prometheus. */
export interface MetricsPorts {
  readonly mediaType: string
  readonly expose: () => string
}

/** `/metrics`, which the guard keeps for operators. */
export function metricsRoutes({ mediaType, expose }: MetricsPorts): Hono {
  const app = new Hono()
  app.get('/metrics', () => new Response(expose(), { headers: { 'content-type': mediaType } }))
  return app
}
