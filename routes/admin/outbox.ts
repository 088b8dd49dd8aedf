import { createRoute } from '@hono/zod-openapi'
import { OutboxPage, OutboxQuery } from '../../src/admin-api/events.ts'
import { answering, openResource } from './resource.ts'

export interface OutboxPorts {
  readonly list: (query: OutboxQuery) => Promise<OutboxPage>
}

const list = createRoute({
  method: 'get',
  path: '/api/outbox',
  summary: 'Records that are not on their topic, the oldest first.',
  request: { query: OutboxQuery },
  responses: answering(OutboxPage, 'A page.', ['QUERIES_BUSY', 'QUERY_FAILED']),
})

export function outboxRoutes(ports: OutboxPorts) {
  const app = openResource()
  app.openapi(list, async (c) => c.json(await ports.list(c.req.valid('query')), 200))
  return app
}
