import { z } from 'zod'
import { FORWARD_BYTES_MAX } from '../limits/edge.ts'
import { GatewayError } from '../faults/faults.ts'

/** Several, separated by white space, while one takes the place of another. */
const signingSecrets = z
  .string()
  .transform((text) => text.split(/\s+/).filter((secret) => secret !== ''))
  .refine(
    (secrets) =>
      secrets.length > 0 &&
      secrets.every((secret) => /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(secret)),
    'must be whsec_ and at least 24 bytes as base64',
  )

/** How an intake at the edge hands on what it has stored; part of SETTINGS in config.ts. */
export const EDGE_SETTINGS = {
  INLET_FORWARD_SECRET: signingSecrets
    .optional()
    .describe(
      'What an edge signs with; at a core node, what it takes at POST /forward is signed with. ' +
        '`whsec_` and at least 24 bytes as base64; several, separated by white space, are all ' +
        'taken, and the first of them signs.',
    ),
  INLET_FORWARD_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .refine((url) => !/[?#]/.test(url), 'must have no query')
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe('At the edge: the core node that takes its events, `https://inlet.example.com`.'),
  KAFKA_REST_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .refine(
      (url) => /\/v3\/clusters\/[^/?#]+\/?$/.test(url),
      'must end in /v3/clusters/<cluster id>',
    )
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe('At the edge: the cluster at a Kafka REST Proxy, `https://proxy/v3/clusters/<id>`.'),
  KAFKA_REST_USERNAME: z.string().min(1).optional().describe('User, or API key, of the above.'),
  KAFKA_REST_PASSWORD: z
    .string()
    .min(1)
    .optional()
    .describe('Password, or API secret, of the above.'),
} as const

/** What has to be there for a sink of the edge. */
const NEEDED = {
  forward: ['INLET_FORWARD_URL', 'INLET_FORWARD_SECRET'],
  'kafka-rest': ['KAFKA_REST_URL'],
} as const

/** What of these settings does not go together. */
export function edgeProblems(
  sink: string,
  known: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const needed = sink === 'forward' || sink === 'kafka-rest' ? NEEDED[sink] : []
  const missing = needed.filter((name) => known[name] === undefined)
  const login = [known['KAFKA_REST_USERNAME'], known['KAFKA_REST_PASSWORD']]
  const isCore = sink !== 'forward' && known['INLET_FORWARD_SECRET'] !== undefined
  const isNarrow = Number(known['INLET_INFLIGHT_BYTES_MAX'] ?? Infinity) < FORWARD_BYTES_MAX
  return [
    // Or what an edge forwards in one request would never come in, and 503 be said for ever.
    ...(isCore && isNarrow
      ? [`INLET_INFLIGHT_BYTES_MAX must be at least ${FORWARD_BYTES_MAX} with INLET_FORWARD_SECRET`]
      : []),
    ...missing.map((name) => `${name} is required where INLET_SINK=${sink}`),
    ...((login[0] === undefined) === (login[1] === undefined)
      ? []
      : ['KAFKA_REST_USERNAME and KAFKA_REST_PASSWORD go together: one is missing']),
  ]
}

/**
 * For a core node, which has a relay of its own.
 *
 * @throws GatewayError CONFIG_INVALID
 */
export function refuseEdgeSink({ INLET_SINK: sink }: { readonly INLET_SINK: string }): void {
  if (!(sink in NEEDED)) return
  throw new GatewayError('CONFIG_INVALID', `  - INLET_SINK=${sink} is for an intake at the edge`)
}

/**
 * For a core that takes nothing from an edge: it would start, and answer each of them 404.
 *
 * @throws GatewayError CONFIG_INVALID
 */
export function refuseForwarded(config: {
  readonly INLET_FORWARD_SECRET?: readonly string[] | undefined
}): void {
  if (config.INLET_FORWARD_SECRET === undefined) return
  const problem = '  - INLET_FORWARD_SECRET does nothing here: this core has no POST /forward'
  throw new GatewayError('CONFIG_INVALID', problem)
}
