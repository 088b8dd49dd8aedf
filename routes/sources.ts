import { basename } from 'node:path'
import { Hono, type Context } from 'hono'
import type { Source } from '../src/source.ts'
import type { IsOperator } from './operator.ts'
import { problem } from './problem.ts'

export interface SourcesPorts {
  readonly sources: () => ReadonlyMap<string, Source>
  readonly isOperator: IsOperator
  /** Waits for the secret that the source's provider hands over; or says why it cannot. */
  readonly pair: (source: Source) => { readonly expiresAt: number; readonly file: string } | string
}

/**
 * `/sources`: what is served now, and by which of its secrets each source is proved. Counts begin
 * with the process. Once the old secret of a rotation stands still, it can go.
 *
 * `POST /sources/<name>/pair`: waits for the secret that the provider hands over.
 */
export function sourcesRoutes({ sources, isOperator, pair }: SourcesPorts): Hono {
  const app = new Hono()
  app.get('/sources', (c) => {
    if (!isOperator(c.req.raw.headers)) return forbidden()
    return c.json({ sources: [...sources().values()].map(describe) })
  })
  app.post('/sources/:name/pair', (c) => {
    if (!isOperator(c.req.raw.headers)) return forbidden()
    // Without a token every page in a browser on this machine could ask: it says who it is.
    if (c.req.header('origin') !== undefined) return forbidden()
    return startPairing(c, sources().get(c.req.param('name')), pair)
  })
  return app
}

function forbidden(): Response {
  return problem('TOKEN_REFUSED', 'Authorization: Bearer <INLET_ADMIN_TOKEN> is missing or wrong')
}

function startPairing(
  c: Context,
  source: Source | undefined,
  pair: SourcesPorts['pair'],
): Response {
  if (source === undefined) return problem('SOURCE_UNKNOWN', 'no source of this name is served')
  const waiting = pair(source)
  if (typeof waiting === 'string') return problem('PAIRING_IMPOSSIBLE', waiting)
  const { name, provider } = source
  const expiresAt = new Date(waiting.expiresAt).toISOString()
  return c.json({ source: name, provider, expiresAt, file: waiting.file })
}

/** Secrets by their place in the configuration, 1 for the first. */
function describe({ name, provider, file, unsigned, secretUses = [], refusals }: Source) {
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
    /** Deliveries that were not proven, by the step that failed. */
    refused: Object.fromEntries(refusals ?? []),
  }
}
