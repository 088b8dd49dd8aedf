/**
 * What the admin API says: one zod schema for each thing that goes over the wire, and its type. The
 * routes check what comes in with them, the OpenAPI document is made of them, the dashboard and the
 * CLI read answers with them. What events look like is in events.ts, reruns in reruns.ts.
 */
import { z } from 'zod'

/** A date with its time, as ISO 8601 writes it. */
export const IsoTime = z.iso.datetime({ offset: true })

/** An error: RFC 9457. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe('Stable: docs/errors.md lists them.'),
  })
  .meta({ id: 'Problem' })

/** What a browser has to know before it asks for anything else. */
export const Session = z
  .object({
    needsToken: z.boolean().describe('Whether INLET_ADMIN_TOKEN is set.'),
    isOperator: z.boolean().describe('Whether this request may see everything.'),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof Session>

export const Login = z.strictObject({ token: z.string().max(1024) }).meta({ id: 'Login' })

/** Something that needs a person. */
export const Alarm = z
  .object({
    name: z.string(),
    subject: z.string().describe('The source, topic or disk that it is about.'),
    since: IsoTime,
    text: z.string(),
    hint: z.string().describe('What to do about it.'),
  })
  .meta({ id: 'Alarm' })
export type Alarm = z.infer<typeof Alarm>

export const Alarms = z.object({ alarms: z.array(Alarm) }).meta({ id: 'Alarms' })

const RelayHealth = z.object({
  state: z.enum(['starting', 'up', 'down']).describe('Whether Kafka answers.'),
  fault: z.object({ code: z.string(), detail: z.string() }).nullable(),
  pending: z.int().describe('Outbox entries that are stored and not yet published.'),
  oldestPendingMs: z.number(),
  retry: z.int(),
  retryTopics: z.array(z.string()),
  blocked: z.int(),
  dead: z.int(),
})

/** What this node is made of, and how it is. */
export const System = z
  .object({
    ready: z.boolean(),
    state: z.enum(['serving', 'draining', 'failed']),
    door: z.object({
      openRequests: z.int(),
      inflightBytes: z.int(),
      diskIsLow: z.boolean(),
      diskFreeBytes: z.number().nullable(),
    }),
    relay: RelayHealth,
    version: z.string(),
    node: z.string(),
    startedAt: IsoTime,
    database: z.object({
      bytes: z.number(),
      walBytes: z.number(),
      events: z.int().describe('Events that are kept.'),
      oldest: IsoTime.nullable().describe('When the oldest of them was received.'),
    }),
    disk: z.object({ freeBytes: z.number().nullable(), minBytes: z.number() }),
    kafka: z.object({
      brokers: z.array(z.string()).describe('Empty where records go to files.'),
      state: RelayHealth.shape.state,
      fault: RelayHealth.shape.fault,
    }),
    redis: z.object({ kind: z.string(), state: z.string() }).nullable(),
    eventLoopDelayP99Ms: z.number(),
    rssBytes: z.number(),
  })
  .meta({ id: 'System' })
export type System = z.infer<typeof System>

const Counts = z.object({
  accepted: z.int(),
  duplicate: z.int(),
  refused: z.int(),
  unhandled: z.int().describe('Stored as invalid or failed.'),
})

/** The last hour at a glance. */
export const Overview = z
  .object({
    now: IsoTime,
    startedAt: IsoTime,
    perMinute: z
      .array(Counts.extend({ at: IsoTime, published: z.int(), ackP99Ms: z.number().nullable() }))
      .describe('60 minutes, the oldest first.'),
    sources: z.array(Counts.extend({ name: z.string(), lastReceivedAt: IsoTime.nullable() })),
    relay: RelayHealth,
    alarms: z.array(Alarm),
  })
  .meta({ id: 'Overview' })
export type Overview = z.infer<typeof Overview>

/** A source that is served. Counts begin with the process. */
export const SourceRow = z
  .object({
    name: z.string(),
    provider: z.string(),
    file: z.string().nullable().describe('Its handler file.'),
    unsigned: z.boolean(),
    secrets: z
      .array(
        z.object({
          place: z.int().describe('Its place in the configuration, 1 for the first.'),
          deliveries: z.int(),
          lastUsedAt: IsoTime.nullable(),
        }),
      )
      .describe('One that stands still after a rotation can go.'),
    refused: z
      .record(z.string(), z.int())
      .describe('Deliveries that were not proven, by the step that failed.'),
    url: z.string().describe('What to paste at the provider.'),
    lastVerifiedAt: IsoTime.nullable().describe('The last delivery that was proven and taken.'),
    lastReceivedAt: IsoTime.nullable().describe('The last request of any kind.'),
    usualGapMs: z.number().nullable().describe('Its longest pause in eight days, once known.'),
    handshakes: z
      .array(z.object({ name: z.string(), at: IsoTime }))
      .describe('The last probe of each kind.'),
    pairing: z
      .object({ waitsUntil: IsoTime.nullable() })
      .nullable()
      .describe('Null where its provider hands over no secret.'),
  })
  .meta({ id: 'Source' })
export type SourceRow = z.infer<typeof SourceRow>

export const Sources = z.object({ sources: z.array(SourceRow) }).meta({ id: 'Sources' })

/** A source that waits for the secret that its provider hands over. */
export const Pairing = z
  .object({ source: z.string(), provider: z.string(), expiresAt: IsoTime, file: z.string() })
  .meta({ id: 'Pairing' })
export type Pairing = z.infer<typeof Pairing>

/** A delivery that was refused. */
export const RejectedRow = z
  .object({
    id: z.int(),
    at: IsoTime,
    source: z.string().describe('`(unknown)` where none of its name is configured.'),
    address: z.string(),
    step: z.string().nullable(),
    code: z.string(),
    detail: z.string(),
    method: z.string(),
    headers: z.record(z.string(), z.string()).describe('Secrets are masked.'),
    bodyBytes: z.int().nullable().describe('Null where it was refused before it was read.'),
    bodyBase64: z.string().nullable().describe('Null unless INLET_KEEP_REJECTED_BODIES is set.'),
  })
  .meta({ id: 'Rejected' })
export type RejectedRow = z.infer<typeof RejectedRow>

export const RejectedQuery = z.strictObject({
  source: z.string().optional(),
  limit: z.coerce.number<string>().int().min(1).max(500).default(50),
})

export const RejectedPage = z
  .object({ rejected: z.array(RejectedRow), dropped: z.int() })
  .meta({ id: 'RejectedPage' })
export type RejectedPage = z.infer<typeof RejectedPage>
