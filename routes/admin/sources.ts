import { createRoute, z } from '@hono/zod-openapi'
import { basename } from 'node:path'
import { Pairing, Sources, type SourceRow } from '../../src/admin-api/admin-api.ts'
import type { Clock, EpochMs } from '../../src/clock.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import type { Source } from '../../src/source.ts'
import type { SourceTraffic } from '../../src/readings/traffic.ts'
import { answering, openResource } from './resource.ts'

export interface SourcesPorts {
  readonly clock: Pick<Clock, 'now'>
  readonly traffic: (source: string) => SourceTraffic
  /** The public base URL; undefined where it is not configured. */
  readonly baseUrl: string | undefined
  /** Until when the source's secret is waited for; null where nobody waits. */
  readonly waitsUntil: (source: string) => EpochMs | null
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

export function sourcesRoutes(ports: SourcesPorts) {
  const { sources, pair: begin } = ports
  const app = openResource()
  app.openapi(list, (c) =>
    c.json({ sources: [...sources().values()].map((source) => toRow(source, ports)) }, 200),
  )
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

function toRow(source: Source, ports: SourcesPorts): SourceRow {
  const { name, provider, file, unsigned, secretUses = [], refusals } = source
  const { rhythm, handshakes, lastReceivedAt } = ports.traffic(name)
  const isPaired = source.learntSecretsFile !== undefined
  return {
    name,
    provider,
    file: file === undefined ? null : basename(file),
    unsigned,
    secrets: secretUses.map(({ deliveries, lastUsedAt }, index) => ({
      place: index + 1,
      deliveries,
      lastUsedAt: toText(lastUsedAt),
    })),
    refused: Object.fromEntries(refusals ?? []),
    url: `${ports.baseUrl ?? 'https://<your gateway>'}/hooks/${name}`,
    lastVerifiedAt: unsigned ? null : toText(rhythm.lastAt),
    lastReceivedAt: toText(lastReceivedAt),
    usualGapMs: rhythm.usualGapMs(ports.clock.now()),
    handshakes: [...handshakes].map(([probe, at]) => ({ name: probe, at: toText(at) ?? '' })),
    pairing: isPaired ? { waitsUntil: toText(ports.waitsUntil(name)) } : null,
  }
}

function toText(at: EpochMs | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
