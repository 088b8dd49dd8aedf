import { basename } from 'node:path'
import { Hono } from 'hono'
import type { Source } from '../src/source.ts'
import type { IsOperator } from './operator.ts'
import { problem } from './problem.ts'

/**
 * `/sources`: what is served now, and by which of its secrets each source is proved. Counts begin
 * with the process. Once the old secret of a rotation stands still, it can go.
 */
export function sourcesRoutes(sources: () => Iterable<Source>, isOperator: IsOperator): Hono {
  const app = new Hono()
  app.get('/sources', (c) => {
    if (isOperator(c.req.raw.headers)) return c.json({ sources: [...sources()].map(describe) })
    return problem('TOKEN_REFUSED', 'Authorization: Bearer <INLET_ADMIN_TOKEN> is missing or wrong')
  })
  return app
}

/** Secrets by their place in the configuration, 1 for the first. */
function describe({ name, provider, file, unsigned, secretUses = [] }: Source) {
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
  }
}
