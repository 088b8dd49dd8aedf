import { createRoute } from '@hono/zod-openapi'
import { System } from '../../src/admin-api/admin-api.ts'
import { answering, openResource } from './resource.ts'

export interface SystemPorts {
  readonly system: () => Promise<System>
}

const read = createRoute({
  method: 'get',
  path: '/api/system',
  summary: 'What this node is made of, and how it is.',
  responses: answering(System, 'This node.', ['QUERIES_BUSY', 'QUERY_FAILED']),
})

export function systemRoutes(ports: SystemPorts) {
  const app = openResource()
  app.openapi(read, async (c) => c.json(await ports.system(), 200))
  return app
}
