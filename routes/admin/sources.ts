import { createRoute, z } from '@hono/zod-openapi'
import { basename } from 'node:path'
import { Pairing, Sources, type SourceRow } from '../../src/admin-api.ts'
import { GatewayError } from '../../src/errors.ts'
import type { Source } from '../../src/source.ts'
import { answering, openResource } from './resource.ts'

export interface SourcesPorts {
  readonly sources: () => ReadonlyMap<string, Source>
  /** Waits for the secret that the source's provider hands over; or says why it cannot. */
  readonly pair: (source: Source) => { readonly expiresAt: number; readonly file: string } | string
}

const list = createRoute({
  method: 'get',
  path: '/api/sources',
  summary: 'What is served now, and by which of its secrets each source is proved.',
  responses: answering(Sources, 'Every source.'),
})

const pair = createRoute({
  method: 'post',
  path: '/api/sources/{name}/pair',
  summary: 'Waits for the secret that the provider of a source hands over.',
  request: { params: z.object({ name: z.string() }) },
  responses: answering(Pairing, 'It waits.', ['SOURCE_UNKNOWN', 'PAIRING_IMPOSSIBLE']),
})

export function sourcesRoutes({ sources, pair: begin }: SourcesPorts) {
  const app = openResource()
  app.openapi(list, (c) => c.json({ sources: [...sources().values()].map(toRow) }, 200))
  app.openapi(pair, (c) => {
    const source = sources().get(c.req.valid('param').name)
    if (source === undefined) {
      throw new GatewayError('SOURCE_UNKNOWN', 'no source of this name is served')
    }
    const waiting = begin(source)
    if (typeof waiting === 'string') throw new GatewayError('PAIRING_IMPOSSIBLE', waiting)
    const { name, provider } = source
    const expiresAt = new Date(waiting.expiresAt).toISOString()
    return c.json({ source: name, provider, expiresAt, file: waiting.file }, 200)
  })
  return app
}

function toRow({ name, provider, file, unsigned, secretUses = [], refusals }: Source): SourceRow {
  return {
    name,
    provider,
    file: file === undefined ? null : basename(file),
    unsigned,
    secrets: secretUses.map(({ deliveries, lastUsedAt }, index) => ({
      place: index + 1,
      deliveries,
      lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt).toISOString(),
    })),
    refused: Object.fromEntries(refusals ?? []),
  }
}
