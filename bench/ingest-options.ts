import { parseArgs } from 'node:util'
import {
  LOAD_OPTIONS,
  nonNegative,
  positive,
  readLoadOptions,
  type LoadOptions,
} from './options.ts'
import { SHAPES, type ShapeName } from './shapes.ts'

export const INGEST_HELP = `bun run bench ingest [options]
Signed webhooks per second that \`dist/inlet serve\` verifies, stores on disk and answers with 202,
measured against a bare Bun.serve that reads the body and answers 202.

  --body SHAPE                 stripe-2k, github-8k or github-28k (stripe-2k)
  --connections 1,16,64,256    each waits for its answer before it sends again (256)
  --rounds N                   counted rounds of each, after one to warm up (5)
  --seconds N                  length of a round (3)
  --sync-delay-ms N            makes every sync of the gateway slower, as on a cloud disk
  --compare                    also sends it to what a team could run instead: Fastify with
                               better-sqlite3 on Node, and Hono with Drizzle (stripe-2k only)
  --sink file|unreachable      where the relay publishes meanwhile (file)
  --log-level LEVEL            LOG_LEVEL of the gateway (info: one line a delivery, as shipped)
  --data-dir DIR               a directory on the disk to measure (the system's temporary one)
  --no-build                   measures dist/inlet as it is
  --json                       the last line is one JSON object`

export interface IngestOptions extends LoadOptions {
  readonly body: ShapeName
  readonly connections: readonly number[]
  readonly syncDelayMs: number | undefined
  readonly compare: boolean
  readonly sink: 'file' | 'unreachable'
  readonly logLevel: string
}

/** Reads the options. Throws with the help where they cannot be read. */
export function parseIngestOptions(args: readonly string[]): IngestOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...LOAD_OPTIONS,
      body: { type: 'string', default: 'stripe-2k' },
      connections: { type: 'string', default: '256' },
      'sync-delay-ms': { type: 'string' },
      compare: { type: 'boolean', default: false },
      sink: { type: 'string', default: 'file' },
      'log-level': { type: 'string', default: 'info' },
    },
  })
  const { body, sink } = values
  if (!isShapeName(body)) throw new Error(`--body is one of ${Object.keys(SHAPES).join(', ')}`)
  if (sink !== 'file' && sink !== 'unreachable') throw new Error('--sink is file or unreachable')
  if (values.compare && body !== 'stripe-2k') throw new Error('the peers take stripe-2k only')
  const syncDelay = values['sync-delay-ms']
  return {
    ...readLoadOptions(values),
    body,
    connections: values.connections.split(',').map((text) => positive('--connections', text)),
    syncDelayMs: syncDelay === undefined ? undefined : nonNegative('--sync-delay-ms', syncDelay),
    compare: values.compare,
    sink,
    logLevel: values['log-level'],
  }
}

function isShapeName(name: string): name is ShapeName {
  return Object.hasOwn(SHAPES, name)
}
