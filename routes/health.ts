import { Hono } from 'hono'

/** What the gateway says of itself. */
export interface Health {
  /** False once storage failed or the gateway drains: send it no more. */
  readonly ready: boolean
  readonly state: 'serving' | 'draining' | 'failed'
  readonly relay: {
    readonly state: 'starting' | 'up' | 'down'
    /** Outbox entries that are on disk and not yet published; null until the relay has looked. */
    readonly lagEntries: number | null
    readonly fault: { readonly code: string; readonly detail: string } | null
  }
}

/**
 * `/healthz`: the process answers. `/readyz`: it takes events, with what it knows of the way out.
 * Kafka and Redis may be down without making it unready: events are stored all the same.
 */
export function healthRoutes(health: () => Health): Hono {
  const app = new Hono()
  app.get('/healthz', (c) => c.json({ ok: true }))
  app.get('/readyz', (c) => {
    const now = health()
    return c.json(now, now.ready ? 200 : 503)
  })
  return app
}
