import { Hono } from 'hono'
import type { Visitor } from './operator.ts'

/** What the gateway says of itself. */
export interface Health {
  /** False once storage failed, the disk is nearly full or the gateway drains: send it no more. */
  readonly ready: boolean
  readonly state: 'serving' | 'draining' | 'failed'
  /** What intake holds now, and whether there is disk left for more. */
  readonly door: {
    readonly openRequests: number
    readonly inflightBytes: number
    /** True while events get 503 because the disk is nearly full. */
    readonly diskIsLow: boolean
    /** Null where it is not watched. */
    readonly diskFreeBytes: number | null
  }
  readonly relay: {
    /** Whether Kafka answers; `starting` until the first send. */
    readonly state: 'starting' | 'up' | 'down'
    /** The last failure of the whole cluster; null where there was none yet. */
    readonly fault: { readonly code: string; readonly detail: string } | null
    /** Outbox entries that are stored and not yet published. */
    readonly pending: number
    /** How long the oldest of them has waited since its event was received, in ms. */
    readonly oldestPendingMs: number
    /** Entries that wait for their topic, and those topics. */
    readonly retry: number
    readonly retryTopics: readonly string[]
    /** Entries that Kafka refused: they wait for a person. */
    readonly blocked: number
    readonly dead: number
  }
}

/**
 * `/healthz`: the process answers. `/readyz`: it takes events, and, to operators, what it knows of
 * the way out. Kafka and Redis may be down without making it unready: events are stored all the
 * same.
 */
export function healthRoutes(health: () => Health | Promise<Health>): Hono<{ Bindings: Visitor }> {
  const app = new Hono<{ Bindings: Visitor }>()
  app.get('/healthz', (c) => c.json({ ok: true }))
  app.get('/readyz', async (c) => {
    const now = await health()
    return c.json(c.env.isOperator ? now : { ready: now.ready }, now.ready ? 200 : 503)
  })
  return app
}
