/** Compiles a catalogue row and a source's secrets into the verifier of that source. */
import { Buffer } from 'node:buffer'
import { assert, unreachable } from '../assert.ts'
import type { EpochMs } from '../clock.ts'
import type { Delivery, Refused, Verdict, Verified, VerifiedBody, Verifier } from '../delivery.ts'
import { GatewayError } from '../errors.ts'
import { EVENT_ID_CHARS_MAX, EVENT_TYPE_CHARS_MAX, HASH_ID_VALID_MS } from '../limits.ts'
import { readBody, type ReadBody } from './engine/body.ts'
import { rowConfig, type RowConfig } from './engine/config.ts'
import { compileEd25519 } from './engine/ed25519.ts'
import { compileHandshakes } from './engine/handshake.ts'
import { sha256 } from './engine/hash.ts'
import { compileHmac } from './engine/hmac.ts'
import { compileBasic, compileToken } from './engine/presented.ts'
import { refused, type CompiledScheme, type Proof, type SchemeOptions } from './engine/scheme.ts'
import { acceptsSecret } from './engine/secrets.ts'
import { compileSelect, usable, type Facts } from './engine/select.ts'
import type { ProviderRow, Scheme } from './row.ts'

export interface VerifierOptions {
  /**
   * All are valid at once. Their strength is not judged here: `validateSecret` does that, with a
   * message for people.
   */
  readonly secrets: readonly string[]
  /**
   * True where the operator chose to take deliveries without any proof; `secrets` is then empty.
   */
  readonly unsigned?: boolean
  /** INLET_CONFIG_<SOURCE>_<FIELD>, by lower-case field. */
  readonly config?: RowConfig
  readonly now: () => EpochMs
}

/**
 * Compiles a row once for a source; what it returns runs for every delivery, synchronously.
 * The proof comes first: nothing of a delivery is parsed before its signature matched.
 *
 * @throws GatewayError CONFIG_INVALID where a secret cannot be decoded or a config value cannot be
 * used.
 */
export function compileVerifier(row: ProviderRow, options: VerifierOptions): Verifier {
  const config = rowConfig(row, options.config)
  const prove = compileProof(row, options, config)
  const answerHandshake = compileHandshakes(row.handshakes ?? [], config)
  const identify = compileIdentity(row, config)

  return (delivery): Verdict => {
    const proof = prove(delivery)
    if (proof.kind === 'refused') return proof
    const contentType = delivery.headers.get('content-type')
    const body = readBody(row, delivery.body, contentType)
    const data = body.parsed.kind === 'json' ? body.parsed.value : undefined
    const outdated = proof.checkData?.(data)
    if (outdated !== undefined) return outdated
    const facts = { headers: delivery.headers, data, json: body.json }
    return answerHandshake?.(facts) ?? identify(delivery, proof, { body, facts })
  }
}

type ProofOfSource = Proof & Pick<CompiledScheme, 'checkData'>

function compileProof(
  row: ProviderRow,
  options: VerifierOptions,
  config: RowConfig,
): (delivery: Delivery) => ProofOfSource | Refused {
  const { secrets, now } = options
  if (options.unsigned === true) return unproven(row, secrets)
  const stray = secrets.some((secret) => !row.schemes.some((each) => acceptsSecret(each, secret)))
  if (stray || secrets.length === 0) {
    throw new GatewayError('CONFIG_INVALID', `${row.key} needs a secret of a form that it knows`)
  }
  const schemes = row.schemes.map((scheme) => {
    // Of each: which of the source's secrets it is.
    const indexes = secrets.flatMap((secret, at) => (acceptsSecret(scheme, secret) ? [at] : []))
    const own = secrets.filter((secret) => acceptsSecret(scheme, secret))
    return { indexes, ...compileScheme(scheme, { secrets: own, config, now }) }
  })
  const expected = schemes.find((scheme) => scheme.indexes.length > 0)?.header
  return (delivery) => {
    // The strongest scheme that is present decides alone: a bad signature beside a good token stays
    // a bad signature.
    const scheme = schemes.find((each) => each.isPresent(delivery.headers))
    if (scheme === undefined) return refused('SIGNATURE_MISSING', `${expected} is missing`)
    if (scheme.indexes.length === 0) {
      const reason = `${scheme.header} is present, and none of the secrets is of its kind`
      return refused('SIGNATURE_MISMATCH', reason)
    }
    const proof = scheme.check(delivery)
    if (proof.kind === 'refused') return proof
    const secretIndex = scheme.indexes[proof.secretIndex ?? -1]
    return { ...proof, secretIndex, checkData: scheme.checkData }
  }
}

/** Takes everything: the id that would be signed is still the best name for the event. */
function unproven(
  row: ProviderRow,
  secrets: readonly string[],
): (delivery: Delivery) => ProofOfSource {
  assert(secrets.length === 0, 'an unsigned source has no secrets')
  const idHeaders = row.schemes.map((scheme) =>
    'idHeader' in scheme ? scheme.idHeader : undefined,
  )
  return ({ headers }) => {
    const ids = idHeaders.map((name) => (name === undefined ? undefined : headers.get(name)))
    const id = ids.find((each) => each !== undefined && each !== null) ?? undefined
    const nothing = { timestamp: undefined, secretIndex: undefined, checkData: undefined }
    return { kind: 'proven', id, ...nothing }
  }
}

function compileScheme(scheme: Scheme, options: SchemeOptions): CompiledScheme {
  switch (scheme.kind) {
    case 'hmac':
      return compileHmac(scheme, options)
    case 'ed25519':
      return compileEd25519(scheme, options)
    case 'token':
      return compileToken(scheme, options)
    case 'basic':
      return compileBasic(scheme, options)
    default:
      return unreachable(scheme)
  }
}

type Identify = (
  delivery: Delivery,
  proof: ProofOfSource,
  read: { readonly body: ReadBody; readonly facts: Facts },
) => Verified

/** Names the event: id, type, key. */
function compileIdentity(row: ProviderRow, config: RowConfig): Identify {
  const selectId = compileSelect(row.id, config, EVENT_ID_CHARS_MAX)
  const selectType = compileSelect(row.type, config, EVENT_TYPE_CHARS_MAX)
  const selectKey = compileSelect(row.order, config, EVENT_ID_CHARS_MAX)
  const contentTypeDefault = row.content.includes('json')
    ? 'application/json'
    : 'application/octet-stream'

  return (delivery, proof, { body, facts }) => {
    // An id that was signed wins: beside it, any header that merely could carry one is the sender's
    // word.
    const signedId = usable(proof.id, EVENT_ID_CHARS_MAX)
    const id = signedId ?? (proof.id === undefined ? selectId(facts) : undefined)
    const isDated = proof.timestamp !== undefined || proof.checkData !== undefined
    return {
      kind: 'verified',
      body: delivery.body as VerifiedBody,
      parsed: body.parsed,
      eventId: id ?? hashId(delivery, proof.timestamp),
      eventIdValidMs: id !== undefined || isDated ? undefined : HASH_ID_VALID_MS,
      type: selectType(facts) ?? 'unknown',
      key: selectKey(facts),
      contentType: delivery.headers.get('content-type') ?? contentTypeDefault,
      secretIndex: proof.secretIndex,
    }
  }
}

/**
 * Names an event by what was sent, where the provider gives it no id. The same request again has
 * the same name.
 */
function hashId(delivery: Delivery, timestamp: string | undefined): string {
  const hasher = sha256()
  // Neither a source's name nor a timestamp can contain a line break, so that no two deliveries
  // read the same.
  hasher.update(`${delivery.source}\n${timestamp ?? ''}\n`)
  hasher.update(delivery.body)
  return `sha256:${Buffer.from(hasher.digest()).toString('hex')}`
}
