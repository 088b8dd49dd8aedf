/**
 * What the catalogue says about one provider. A field or a kind that the engine does not implement
 * does not pass.
 */
import { z } from 'zod'
import { HandshakeRule, TakenRule } from './answers.ts'
import { inconsistency, Scheme } from './schemes.ts'

/** A string literal of at least one character. */
const Literal = z.string().min(1)

/**
 * A value of the delivery: `header:<name>`, or `json:<path>` with dots between the steps (`\.` is a
 * dot within one; a form body counts as an object of its fields); `proof:<claim>` of what proved
 * it, a token for example; `jsonKey:<pattern>`, the name of the first member that ends like
 * `*_events`, or that is not the one of `!update_id`.
 */
const Reference = z.templateLiteral([
  z.enum(['header', 'json', 'proof', 'jsonKey']),
  ':',
  z.string(),
])

/** One value, or several that must all be there, joined with dots. */
const Selector = z.union([Reference, z.array(Reference).min(2)])
export type Selector = z.infer<typeof Selector>

/**
 * A value of one event of a batch: `json:<path>` within the event itself, `envelope:<path>` within
 * the whole body, `header:<name>`.
 */
const BatchReference = z.union([Reference, z.templateLiteral(['envelope:', z.string()])])
const BatchSelector = z.union([BatchReference, z.array(BatchReference).min(2)])
export type BatchSelector = z.infer<typeof BatchSelector>

/** Several events in one body: the row's own id, type and order are then those of all of it. */
const Batch = z.strictObject({
  /**
   * Where the array stands: `$`, the body itself, or a path; the first of several that is one.
   * Elsewhere the body is one event.
   */
  at: z.union([Literal, z.array(Literal).min(2)]),
  /** Candidates for an event's id. None found: that of the body, a dot, and its place from 0. */
  id: z.array(BatchSelector),
  type: z.array(BatchSelector),
  order: z.array(BatchSelector),
})
export type BatchRule = z.infer<typeof Batch>

export interface SampleFacts {
  readonly eventId: string
  /** ms since 1970. */
  readonly now: number
}

/** Makes the body of an example delivery; it is sent as JSON. */
export type SampleBody = (facts: SampleFacts) => unknown

/** What providers are listed under. */
const Category = z.enum([
  'ai',
  'analytics',
  'auth',
  'cloud',
  'cms',
  'commerce',
  'comms',
  'crm',
  'devops',
  'email',
  'finance',
  'generic',
  'infra',
  'media',
  'ops',
  'payments',
  'productivity',
  'social',
  'standard',
])

/** One provider. `docs/providers.md` shows how a row reads and how to add one. */
export const ProviderRow = z
  .strictObject({
    key: z.string().regex(/^[a-z0-9_]+$/),
    /** The provider's own name. */
    name: Literal,
    category: Category,
    /** Where in the provider's settings the secret is found, or set. */
    setUp: Literal,
    /**
     * In order of strength. The first whose header is present decides alone: there is no falling
     * back.
     */
    schemes: z.array(Scheme).min(1),
    /**
     * Candidates for the event's id, unless the scheme signs one. None found: a hash of the
     * delivery.
     */
    id: z.array(Selector),
    /** Candidates for the event's type. */
    type: z.array(Selector),
    /** Candidates for the partition key: what happens to one of these stays in order. */
    order: z.array(Selector),
    /** What the bodies are; `any`: what the content type says, else opaque. */
    content: z.array(z.enum(['json', 'form', 'any'])).min(1),
    /** The form field that holds JSON. A form without it counts as an object of its fields. */
    formField: Literal.optional(),
    /**
     * Identical deliveries are different events: where a delivery has no id, none is the duplicate
     * of another.
     */
    identicalAreDistinct: z.literal(true).optional(),
    /**
     * Each body says when its event happened: where a delivery has no id, an identical one is its
     * duplicate however late it comes, and not only within HASH_ID_VALID_MS.
     */
    bodiesAreDated: z.literal(true).optional(),
    batch: Batch.optional(),
    handshakes: z.array(HandshakeRule).optional(),
    /** Values that the operator may set, by their lower-case field name. */
    config: z
      .record(
        z.string().regex(/^[a-z_]+$/),
        z.strictObject({
          default: z.string(),
          description: Literal,
          /** The source does not start where it is empty. */
          required: z.literal(true).optional(),
        }),
      )
      .optional(),
    ack: z.strictObject({
      /** How long the provider waits for an answer; null: unknown. */
      timeoutSeconds: z.number().positive().nullable(),
      /** When it sends again. */
      retries: z.string(),
      /** True where it sends each delivery once, whatever it is answered. */
      neverRetries: z.literal(true).optional(),
      /** Whether both were read in the provider's documentation or source. */
      verified: z.boolean(),
      /**
       * What it demands to be answered where a delivery is stored, new or known. Default: 202, and
       * 200 for a duplicate.
       */
      taken: z.array(TakenRule).optional(),
      /**
       * The status that it demands where its proof does not hold, without a body. Default: 401,
       * with a problem document.
       */
      refused: z.int().min(400).max(499).optional(),
    }),
    /**
     * sdk: read in official code; docs: in official text; repo: in third-party code; search: in an
     * excerpt; memory: nowhere.
     */
    level: z.enum(['sdk', 'docs', 'repo', 'search', 'memory']),
    sources: z.array(Literal).min(1),
    /** Why the row is as it is. */
    notes: Literal,
    /** What the signature does not cover, so that nobody relies on it. */
    notSigned: Literal,
    /** By event type. */
    samples: z.record(
      Literal,
      z.custom<SampleBody>((value) => typeof value === 'function'),
    ),
  })
  .superRefine((row, context) => {
    const fields = Object.keys(row.config ?? {})
    for (const [, field = ''] of JSON.stringify(row).matchAll(/\{config:([a-z_]+)\}/g)) {
      if (!fields.includes(field)) context.addIssue(`config field ${field} is not declared`)
    }
    if (row.level === 'memory' && !fields.includes('accept_unverified')) {
      context.addIssue('a row from memory has to be asked for: accept_unverified')
    }
    for (const scheme of row.schemes) {
      const problem = inconsistency(scheme)
      if (problem !== undefined) context.addIssue(problem)
    }
  })
export type ProviderRow = z.infer<typeof ProviderRow>
