import { createRoute } from '@hono/zod-openapi'
import { TailQuery, TailRow } from '../../src/admin-api/events.ts'
import { answeringRaw, openResource } from './resource.ts'

export interface TailPorts {
  readonly watch: (source: string | undefined) => ReadableStream<Uint8Array>
}

const watch = createRoute({
  method: 'get',
  path: '/api/tail',
  summary: 'Deliveries as they are answered.',
  description:
    'Server-sent events: `delivery` with what is described here, and `dropped` with how many ' +
    'came while the reader was behind.',
  request: { query: TailQuery },
  responses: answeringRaw('text/event-stream', TailRow, 'A stream without end.', ['QUERIES_BUSY']),
})

export function tailRoutes(ports: TailPorts) {
  const app = openResource()
  app.openapi(watch, (c) => {
    return new Response(ports.watch(c.req.valid('query').source), {
      headers: { 'content-type': 'text/event-stream' },
    })
  })
  return app
}
