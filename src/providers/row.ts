/**
 * What the catalogue says about one provider. A field or a kind that the engine does not implement
 * does not pass.
 */
import { z } from 'zod'
import { HandshakeRule, TakenRule } from './answers.ts'

const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/
const PLACEHOLDERS = /\{[^{}]*\}/g

/** The parts of a signed string that the engine can splice; everything else in it is literal. */
const SIGNED_PARTS = ['{body}', '{ts}', '{id}'] as const

/**
 * A value that the operator sets with INLET_CONFIG_<SOURCE>_<NAME>; the row's `config` declares it.
 */
const ConfigReference = z.templateLiteral(['{config:', z.string().regex(/^[a-z_]+$/), '}'])

export const HeaderName = z.string().regex(HEADER_NAME, 'must be a header name')
const HeaderSetting = z.union([ConfigReference, HeaderName])

export const Hash = z.enum(['sha1', 'sha256', 'sha384', 'sha512'])
export type Hash = z.infer<typeof Hash>

export const Encoding = z.enum(['hex', 'base64', 'base64url'])
export type Encoding = z.infer<typeof Encoding>

/** A string literal of at least one character. */
const Literal = z.string().min(1)

/** Where in the request a signature stands, and how it is written there. */
export const SignatureSource = z.discriminatedUnion('format', [
  /** The header is the signature. */
  z.strictObject({ in: z.literal('header'), name: HeaderSetting, format: z.literal('raw') }),
  /** The signature follows a fixed prefix: `sha256=…`. */
  z.strictObject({
    in: z.literal('header'),
    name: HeaderSetting,
    format: z.literal('prefix'),
    prefix: z.string(),
  }),
  /** Pairs, of which those named `key` are signatures: `t=1614265330,v1=…,v1=…`. */
  z.strictObject({
    in: z.literal('header'),
    name: HeaderSetting,
    format: z.literal('kv'),
    pairSeparator: Literal,
    keySeparator: Literal,
    key: Literal,
  }),
  /** Items with a version each, of which those of `version` are signatures: `v1,… v1a,…`. */
  z.strictObject({
    in: z.literal('header'),
    name: HeaderSetting,
    format: z.literal('list'),
    itemSeparator: Literal,
    versionSeparator: Literal,
    version: Literal,
  }),
])
export type SignatureSource = z.infer<typeof SignatureSource>

/**
 * When the delivery was signed. Both directions count: too old is a replay, too new is a replay for
 * later.
 */
const Timestamp = z.strictObject({
  /**
   * `signature:t` is the pair `t` of a `kv` signature header. A JSON path is read after the
   * signature matched.
   */
  from: z.templateLiteral([z.enum(['header', 'signature', 'json']), ':', z.string()]),
  unit: z.enum(['s', 'ms']),
  toleranceSeconds: z.int().positive(),
  /** Whether the tolerance is the provider's own number. */
  official: z.boolean(),
})
export type Timestamp = z.infer<typeof Timestamp>

/** How the configured text becomes key bytes. */
const SecretForm = z.strictObject({
  from: z.enum(['utf8', 'base64']),
  /** A prefix that is no part of the key. */
  strip: Literal.optional(),
  /**
   * Which secrets belong to this scheme, where a provider has several schemes with different
   * secrets.
   */
  accepts: z.instanceof(RegExp).optional(),
})
export type SecretForm = z.infer<typeof SecretForm>

const signedFields = {
  /** Every place where signatures may stand; one match is enough. */
  signatures: z.array(SignatureSource).min(1),
  encoding: z.union([Encoding, ConfigReference]),
  /** What is signed: literals and SIGNED_PARTS. */
  signed: z.string().refine(onlyKnownParts, 'has a part that the engine does not implement'),
  secret: SecretForm,
  /**
   * The header that `{id}` stands for. Signed, it is the event's id, and the row's `id` is not
   * asked.
   */
  idHeader: HeaderName.optional(),
  timestamp: Timestamp.optional(),
}

/** How a provider proves who sent a delivery. */
export const Scheme = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('hmac'),
    hash: z.union([Hash, ConfigReference]),
    ...signedFields,
  }),
  /** The secret is the public key. */
  z.strictObject({ kind: z.literal('ed25519'), ...signedFields }),
  /** The secret itself, in a header. Nothing is signed. */
  z.strictObject({
    kind: z.literal('token'),
    header: HeaderSetting,
    prefix: z.string(),
    secret: SecretForm,
  }),
  /** HTTP Basic; the secret is `user:password`. Nothing is signed. */
  z.strictObject({ kind: z.literal('basic'), secret: SecretForm }),
])
export type Scheme = z.infer<typeof Scheme>
export type HmacScheme = Extract<Scheme, { kind: 'hmac' }>
export type Ed25519Scheme = Extract<Scheme, { kind: 'ed25519' }>
export type SignedScheme = HmacScheme | Ed25519Scheme
export type TokenScheme = Extract<Scheme, { kind: 'token' }>
export type BasicScheme = Extract<Scheme, { kind: 'basic' }>

/**
 * A value of the delivery: `header:<name>`, or `json:<path>` with dots between the steps (`\.` is a
 * dot within one). A form body counts as an object of its fields.
 */
export const Reference = z.templateLiteral([z.enum(['header', 'json']), ':', z.string()])
export type Reference = z.infer<typeof Reference>

/** One value, or several that must all be there, joined with dots. */
const Selector = z.union([Reference, z.array(Reference).min(2)])
export type Selector = z.infer<typeof Selector>

/**
 * A value of one event of a batch: `json:<path>` within the event itself, `envelope:<path>` within
 * the whole body, `header:<name>`.
 */
const BatchReference = z.templateLiteral([z.enum(['header', 'json', 'envelope']), ':', z.string()])
const BatchSelector = z.union([BatchReference, z.array(BatchReference).min(2)])
export type BatchSelector = z.infer<typeof BatchSelector>

/** Several events in one body: the row's own id, type and order are then those of all of it. */
const Batch = z.strictObject({
  /** Where the array stands: `$`, the body itself, or a path. Elsewhere the body is one event. */
  at: Literal,
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

/** One provider. `docs/providers.md` shows how a row reads and how to add one. */
export const ProviderRow = z
  .strictObject({
    key: z.string().regex(/^[a-z0-9_]+$/),
    /** The provider's own name. */
    name: Literal,
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
    batch: Batch.optional(),
    handshakes: z.array(HandshakeRule).optional(),
    /** Values that the operator may set, by their lower-case field name. */
    config: z
      .record(
        z.string().regex(/^[a-z_]+$/),
        z.strictObject({ default: z.string(), description: Literal }),
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
      /** The status that it demands where its proof does not hold. Default: 401. */
      refused: z.int().min(400).max(499).optional(),
    }),
    /** sdk: read in official code; docs: in official text; repo: in third-party code. */
    level: z.enum(['sdk', 'docs', 'repo']),
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
    for (const scheme of row.schemes) {
      if (!('signed' in scheme)) continue
      if (scheme.signed.includes('{id}') !== (scheme.idHeader !== undefined)) {
        context.addIssue('{id} and idHeader go together')
      }
      const inJson = scheme.timestamp?.from.startsWith('json:') ?? true
      if (scheme.signed.includes('{ts}') === inJson) {
        context.addIssue('{ts} and a timestamp outside the body go together')
      }
    }
  })
export type ProviderRow = z.infer<typeof ProviderRow>

function onlyKnownParts(signed: string): boolean {
  const parts = signed.match(PLACEHOLDERS) ?? []
  return parts.length > 0 && parts.every((part) => SIGNED_PARTS.some((known) => known === part))
}
