import { createRoute } from '@hono/zod-openapi'
import { RejectedPage, RejectedQuery } from '../../src/admin-api/admin-api.ts'
import type { FailedStep } from '../../src/delivery.ts'
import type { FaultCode } from '../../src/faults/faults.ts'
import { answering, openResource } from './resource.ts'

/** One request that was refused, with the secrets in its headers masked. */
interface Rejected {
  readonly id: number
  readonly at: number
  readonly source: string | null
  readonly address: string
  readonly step: FailedStep | null
  readonly code: FaultCode
  readonly detail: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly bodyBytes: number | null
  readonly body: Uint8Array | null
}

export interface RejectedPorts {
  /** Newest first; `source` null: those of sources that are not configured. */
  readonly list: (query: { readonly source?: string | null; readonly limit: number }) => {
    readonly rejected: readonly Rejected[]
    readonly dropped: number
  }
}

/** What stands for every source that is not configured. */
const UNKNOWN = '(unknown)'

const list = createRoute({
  method: 'get',
  path: '/api/rejected',
  summary: 'What was refused lately, and why: the evidence of a wrong rotation.',
  request: { query: RejectedQuery },
  responses: answering(RejectedPage, 'Newest first; kept in memory, and sampled in a flood.'),
})

export function rejectedRoutes(ports: RejectedPorts) {
  const app = openResource()
  app.openapi(list, (c) => {
    const { source, limit } = c.req.valid('query')
    const asked = source === undefined ? {} : { source: source === UNKNOWN ? null : source }
    const { rejected, dropped } = ports.list({ ...asked, limit })
    const rows = rejected.map(({ body, ...row }) => ({
      ...row,
      at: new Date(row.at).toISOString(),
      source: row.source ?? UNKNOWN,
      headers: { ...row.headers },
      bodyBase64: body === null ? null : body.toBase64(),
    }))
    return c.json({ rejected: rows, dropped }, 200)
  })
  return app
}
