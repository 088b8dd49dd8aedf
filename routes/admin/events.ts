import { createRoute, z } from '@hono/zod-openapi'
import {
  EventDetail,
  EventsPage,
  EventsQuery,
  type EventFilter,
} from '../../src/admin-api/events.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { answering, answeringRaw, openResource } from './resource.ts'

/** What is looked for: the filter with times as numbers, and where to go on. */
export interface EventsAsked {
  readonly query: Omit<EventFilter, 'since' | 'until'> & {
    readonly since?: number | undefined
    readonly until?: number | undefined
  }
  readonly behind: number | undefined
  readonly limit: number
}

/** Answers from a thread of its own. */
export interface EventsPorts {
  readonly search: (asked: EventsAsked) => Promise<EventsPage>
  /** The JSON of an EventDetail. */
  readonly event: (seq: number) => Promise<string | undefined>
  readonly body: (seq: number) => Promise<Uint8Array<ArrayBuffer> | undefined>
}

const SeqParam = z.object({ seq: z.coerce.number<string>().int().min(1) })

const list = createRoute({
  method: 'get',
  path: '/api/events',
  summary: 'Events, newest first.',
  description:
    'All conditions hold. Nothing but the order of arrival is indexed: a search looks at events ' +
    'for a while, answers what it found, and says where to go on. An id is looked up at once.',
  request: { query: EventsQuery },
  responses: answering(EventsPage, 'A page.', ['QUERIES_BUSY', 'QUERY_FAILED']),
})

const show = createRoute({
  method: 'get',
  path: '/api/events/{seq}',
  summary: 'Everything about one event: its bytes, its records and what became of them.',
  request: { params: SeqParam },
  responses: answeringRaw('application/json', EventDetail, 'The event.', [
    'EVENT_UNKNOWN',
    'QUERIES_BUSY',
    'QUERY_FAILED',
  ]),
})

const body = createRoute({
  method: 'get',
  path: '/api/events/{seq}/body',
  summary: 'The exact bytes of one event, to be saved.',
  request: { params: SeqParam },
  responses: answeringRaw('application/octet-stream', z.string(), 'The bytes.', [
    'EVENT_UNKNOWN',
    'QUERIES_BUSY',
    'QUERY_FAILED',
  ]),
})

export function eventsRoutes(ports: EventsPorts) {
  const app = openResource()
  app.openapi(list, async (c) => {
    const { before, limit, since, until, ...filter } = c.req.valid('query')
    const query = { ...filter, since: msOf(since), until: msOf(until) }
    return c.json(await ports.search({ query, behind: before, limit }), 200)
  })
  app.openapi(show, async (c) => {
    const { seq } = c.req.valid('param')
    const json = (await ports.event(seq)) ?? unknown(seq)
    return new Response(json, { headers: { 'content-type': 'application/json' } })
  })
  app.openapi(body, async (c) => {
    const { seq } = c.req.valid('param')
    const bytes = (await ports.body(seq)) ?? unknown(seq)
    return new Response(bytes, {
      headers: {
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="inlet-${seq}.bin"`,
      },
    })
  })
  return app
}

function unknown(seq: number): never {
  throw new GatewayError('EVENT_UNKNOWN', `no event has the seq ${seq}`)
}

function msOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time)
}
