/**
 * How a row says that its provider proves who sent a delivery. A field or a kind that the engine
 * does not implement does not pass.
 */
import { z } from 'zod'
import { ConfigReference, RequestReference } from './answers.ts'
import type { CompileCode, SignCode } from './engine/scheme.ts'
import { Encoding, Hash, HEADER_NAME, HeaderName } from './values.ts'

const PLACEHOLDERS = /\{[^{}]*\}/g

/** The parts of a signed string that the engine can splice; everything else in it is literal. */
const SIGNED_PARTS: ReadonlySet<string> = new Set([
  '{body}',
  '{crc32:body}',
  '{id}',
  '{method}',
  '{secret}',
  '{sha256:body}',
  '{sha256hex:body}',
  '{sortedForm}',
  '{sortedQuery}',
  '{ts}',
  '{url}',
  '{urlNoQuery}',
])
const SIGNED_VALUE = /^\{(?:config:[a-z_]+|(?:header|query|json|form):[^{}]+)\}$/

/** A string literal of at least one character. */
const Literal = z.string().min(1)

/** A value of the request; the name of a header in lower case, or one that the operator sets. */
const Place = RequestReference.refine(
  (reference) => !/^header:(?!\{config:[a-z_]+\}$)/.test(reference) || isHeader(reference),
  'must name a header in lower case',
)

function isHeader(reference: string): boolean {
  return HEADER_NAME.test(reference.slice('header:'.length))
}

/** Where in the request a signature stands, and how it is written there. */
export const SignatureSource = z.discriminatedUnion('format', [
  /** The value is the signature. */
  z.strictObject({ at: Place, format: z.literal('raw') }),
  /** The signature follows a fixed prefix: `sha256=…`. */
  z.strictObject({ at: Place, format: z.literal('prefix'), prefix: z.string() }),
  /** The name of the hash, then the signature: `sha1=…`. Only those of `allow` count. */
  z.strictObject({
    at: Place,
    format: z.literal('algorithm'),
    separator: Literal,
    allow: z.array(Hash).min(1),
  }),
  /** Pairs, of which those named `key` are signatures: `t=1614265330,v1=…,v1=…`. */
  z.strictObject({
    at: Place,
    format: z.literal('kv'),
    pairSeparator: Literal,
    keySeparator: Literal,
    key: Literal,
  }),
  /** Items with a version each, of which those of `version` are signatures: `v1,… v1a,…`. */
  z.strictObject({
    at: Place,
    format: z.literal('list'),
    itemSeparator: Literal,
    versionSeparator: Literal,
    version: Literal,
  }),
  /** The time first, then signatures: `1663103925004,…,…`. The time is `signature:0`. */
  z.strictObject({ at: Place, format: z.literal('positional'), separator: Literal }),
])
export type SignatureSource = z.infer<typeof SignatureSource>

/**
 * When the delivery was signed. Both directions count: too old is a replay, too new is a replay for
 * later.
 */
export const Timestamp = z.strictObject({
  /**
   * `signature:t` is the pair `t` of a `kv` signature. A value of the body that `{ts}` does not
   * splice is read after the signature matched.
   */
  from: z.templateLiteral([z.enum(['header', 'signature', 'json', 'form']), ':', z.string()]),
  unit: z.enum(['s', 'ms', 'iso']),
  toleranceSeconds: z.int().positive(),
  /** Whether the tolerance is the provider's own number. */
  official: z.boolean(),
})
export type Timestamp = z.infer<typeof Timestamp>

/** How the configured text becomes key bytes, in this order. */
export const SecretForm = z.strictObject({
  /** What is no part of the key, and may be absent: `/^whsec_/`. */
  strip: z.instanceof(RegExp).optional(),
  normalize: z.literal('NFKD').optional(),
  /** What the provider appends before it uses the key. */
  suffix: Literal.optional(),
  from: z.enum(['utf8', 'base64', 'hex']),
  /** The key is the digest of what was decoded. */
  derive: z.enum(['sha1', 'sha256']).optional(),
  /**
   * Which secrets belong to this scheme, where a provider has several schemes with different
   * secrets.
   */
  accepts: z.instanceof(RegExp).optional(),
})
export type SecretForm = z.infer<typeof SecretForm>

/** Where the public key of an asymmetric scheme comes from. */
export const PublicKey = z.union([
  /** The source's secret is the bytes of the key. */
  z.strictObject({
    from: z.literal('secret'),
    form: z.literal('raw'),
    encoding: z.enum(['hex', 'base64']),
    strip: z.instanceof(RegExp).optional(),
  }),
  /** The source's secret is the key as PEM, or its DER as base64. */
  z.strictObject({ from: z.literal('secret'), form: z.literal('spki') }),
  /** The provider has one key for everybody, and publishes it. The source has no secret. */
  z.strictObject({ from: z.literal('row'), pem: z.string().startsWith('-----BEGIN PUBLIC KEY') }),
  /** A set of keys at an address. The source has no secret. */
  z.strictObject({ from: z.literal('jwks'), url: z.url({ protocol: /^https$/ }) }),
  /** A certificate whose address stands in the request. The source has no secret. */
  z.strictObject({
    from: z.literal('certificate'),
    at: Place,
    /** Who may be asked: see `OutboundCall`. */
    hosts: z.array(Literal).min(1),
    /** The common names that the certificate may have been issued to. */
    subject: z.instanceof(RegExp),
  }),
])
export type PublicKey = z.infer<typeof PublicKey>

const common = {
  /**
   * The scheme counts only where the operator's configuration says so: the request never chooses
   * between a strong and a weak one.
   */
  when: z
    .union([
      z.strictObject({ config: Literal, equals: Literal }),
      z.strictObject({ config: Literal, isSet: z.boolean() }),
    ])
    .optional(),
}

const signedFields = {
  ...common,
  /** Every place where signatures may stand; one match is enough. */
  signatures: z.array(SignatureSource).min(1),
  encoding: z.union([Encoding, ConfigReference]),
  /** What is signed: literals and parts in braces. */
  signed: z.string().refine(onlyKnownParts, 'has a part that the engine does not implement'),
  /**
   * The header that `{id}` stands for. Signed, it is the event's id, and the row's `id` is not
   * asked.
   */
  idHeader: HeaderName.optional(),
  timestamp: Timestamp.optional(),
  /** Headers that have to be there with this value, because the scheme is of that version. */
  requireHeaders: z.record(HeaderName, Literal).optional(),
}

const HashSetting = z.union([Hash, ConfigReference])

const JwtAlgorithm = z.enum(['HS256', 'HS384', 'HS512', 'RS256', 'ES256', 'EdDSA'])
export type JwtAlgorithm = z.infer<typeof JwtAlgorithm>

/** A claim that binds something of the request: its text, or a hash of it. */
const bindingClaim = {
  name: Literal,
  /** Without: the claim is the text itself. */
  hash: z.strictObject({ hash: Hash, encoding: Encoding }).optional(),
}

/** How a provider proves who sent a delivery. */
export const Scheme = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('hmac'),
    /** `fromSignature`: the one that an `algorithm` signature names. */
    hash: z.union([HashSetting, z.literal('fromSignature')]),
    ...signedFields,
    secret: SecretForm,
    /** The n-th secret belongs to the n-th place of `signatures`, and to no other. */
    paired: z.literal(true).optional(),
  }),
  /** A plain hash of a text that `{secret}` is a part of. */
  z.strictObject({
    kind: z.literal('digest'),
    hash: HashSetting,
    ...signedFields,
    secret: SecretForm,
  }),
  z.strictObject({ kind: z.literal('ed25519'), ...signedFields, key: PublicKey }),
  /** The signature is DER. */
  z.strictObject({ kind: z.literal('ecdsa'), hash: Hash, ...signedFields, key: PublicKey }),
  /** PKCS#1 v1.5. */
  z.strictObject({ kind: z.literal('rsa'), hash: Hash, ...signedFields, key: PublicKey }),
  z.strictObject({
    kind: z.literal('jwt'),
    ...common,
    at: Place,
    /** What stands before the token, and whether it may be absent. */
    prefix: Literal.optional(),
    isPrefixOptional: z.literal(true).optional(),
    /**
     * A key verifies only algorithms of its own kind: a secret is an HS key unless it is a public
     * key, as PEM or DER.
     */
    algorithms: z.array(JwtAlgorithm).min(1),
    /** Absent where `key` says where the keys are. */
    secret: SecretForm.optional(),
    key: PublicKey.optional(),
    claims: z
      .strictObject({
        /** What a claim must be; of several, one. `aud` may be a list that contains it. */
        equals: z
          .record(Literal, z.union([Literal, z.array(Literal).min(2), z.boolean()]))
          .optional(),
        /** Claims that have to be there. `exp` and `nbf` count wherever they are. */
        required: z.array(Literal).optional(),
        /** How far `iat` may be from now, in both directions. */
        issuedWithinSeconds: z.int().positive().optional(),
        /** How far clocks may differ. Default: 0. */
        skewSeconds: z.int().positive().optional(),
      })
      .optional(),
    bodyClaim: z
      .strictObject({
        ...bindingClaim,
        /** `whereBody`: present with a body, and absent without one. Default: always. */
        presence: z.enum(['optional', 'whereBody']).optional(),
      })
      .optional(),
    urlClaim: z
      .strictObject({ ...bindingClaim, presence: z.literal('optional').optional() })
      .optional(),
  }),
  /** The secret itself, in the request. Nothing is signed. */
  z.strictObject({
    kind: z.literal('token'),
    ...common,
    at: Place,
    prefix: z.string().optional(),
    /** A path to an array: `at` is a path within each of its elements, and all have to match. */
    each: Literal.optional(),
    secret: SecretForm,
  }),
  /** HTTP Basic; the secret is `user:password`. Nothing is signed. */
  z.strictObject({ kind: z.literal('basic'), ...common, secret: SecretForm }),
  /** What no data can say: a function, in a file of its own. */
  z.strictObject({
    kind: z.literal('code'),
    ...common,
    /** What it does, for the provider's page. */
    description: Literal,
    /** Where its signature stands: the scheme is present where one of these is. */
    at: z.array(Place).min(1),
    /** Absent where the source has no secret. */
    secret: SecretForm.optional(),
    /** Whether the registered URL is needed. */
    needsUrl: z.literal(true).optional(),
    compile: z.custom<CompileCode>((value) => typeof value === 'function'),
    /** The hash of the MACs that probes are answered with, where there are any. */
    macHash: Hash.optional(),
    /** Signs sample deliveries; absent where a provider's key cannot be stood in for. */
    sign: z.custom<SignCode>((value) => typeof value === 'function').optional(),
  }),
])
export type Scheme = z.infer<typeof Scheme>
export type HmacScheme = Extract<Scheme, { kind: 'hmac' }>
export type DigestScheme = Extract<Scheme, { kind: 'digest' }>
export type AsymmetricScheme = Extract<Scheme, { kind: 'ed25519' | 'ecdsa' | 'rsa' }>
export type SignedScheme = HmacScheme | DigestScheme | AsymmetricScheme
export type JwtScheme = Extract<Scheme, { kind: 'jwt' }>
export type TokenScheme = Extract<Scheme, { kind: 'token' }>
export type BasicScheme = Extract<Scheme, { kind: 'basic' }>
export type CodeScheme = Extract<Scheme, { kind: 'code' }>

/** What is wrong with a scheme beyond its fields; undefined if nothing. */
export function inconsistency(scheme: Scheme): string | undefined {
  if (scheme.kind === 'jwt') {
    return (scheme.secret === undefined) === (scheme.key === undefined)
      ? 'a jwt has either a secret or a key'
      : undefined
  }
  if (!('signed' in scheme)) return undefined
  const { signed, timestamp, idHeader, kind } = scheme
  if (signed.includes('{id}') !== (idHeader !== undefined)) return '{id} and idHeader go together'
  if (signed.includes('{secret}') !== (kind === 'digest')) return '{secret} and digest go together'
  const isInBody = /^(?:json|form):/.test(timestamp?.from ?? '')
  if (signed.includes('{ts}') ? timestamp === undefined : timestamp !== undefined && !isInBody) {
    return '{ts} and a timestamp outside the body go together'
  }
  const names = scheme.signatures.some(({ format }) => format === 'algorithm')
  const isNamed = 'hash' in scheme && scheme.hash === 'fromSignature'
  return names === isNamed ? undefined : 'fromSignature and the format algorithm go together'
}

function onlyKnownParts(signed: string): boolean {
  const parts = signed.match(PLACEHOLDERS) ?? []
  return (
    parts.length > 0 && parts.every((part) => SIGNED_PARTS.has(part) || SIGNED_VALUE.test(part))
  )
}
