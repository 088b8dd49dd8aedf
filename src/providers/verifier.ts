/** Compiles a catalogue row and a source's secrets into the verifier of that source. */
import { assert, unreachable } from '../assert.ts'
import type { EpochMs } from '../clock.ts'
import type { Delivery, Handshake, Refused, Verdict, Verifier } from '../delivery.ts'
import { GatewayError } from '../errors.ts'
import { HANDSHAKE_BYTES_MAX } from '../limits.ts'
import { readBody } from './engine/body.ts'
import { rowConfig, type RowConfig } from './engine/config.ts'
import { compileEd25519 } from './engine/ed25519.ts'
import { compileHandshakes, compileTaken, type AnswerProbe } from './engine/handshake.ts'
import { compileHmac, hmacText } from './engine/hmac.ts'
import { compileIdentity } from './engine/identity.ts'
import { compileBasic, compileToken } from './engine/presented.ts'
import { refused, type CompiledScheme, type Proof, type SchemeOptions } from './engine/scheme.ts'
import { acceptsSecret } from './engine/secrets.ts'
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
 * Compiles a row once for a source; what it returns runs for every delivery, synchronously. The
 * proof comes first: nothing of a delivery is parsed before its signature matched, but for a small
 * one without proof, which may be a probe.
 *
 * @throws GatewayError CONFIG_INVALID where a secret cannot be decoded or a config value cannot be
 * used.
 */
export function compileVerifier(row: ProviderRow, options: VerifierOptions): Verifier {
  const config = rowConfig(row, options.config)
  const prove = compileProof(row, options, config)
  const answering = { config, mac: compileMac(row, options, config) }
  const answerProbe = compileHandshakes(row.handshakes ?? [], answering)
  const answerUnproven = compileUnproven(row, answerProbe)
  const answerTaken = compileTaken(row.ack.taken ?? [], answering)
  const identify = compileIdentity(row, config)

  return (delivery): Verdict => {
    const { headers } = delivery
    if (delivery.method !== 'POST') {
      const probe = answerProbe?.({ delivery, data: undefined }, false)
      return probe ?? refused('METHOD_NOT_ALLOWED', `it is no probe of ${row.name}`)
    }
    const proof = prove(delivery)
    if (proof.kind === 'refused') return answerUnproven?.(delivery) ?? demanded(row, proof)
    const body = readBody(row, delivery.body, headers.get('content-type'))
    const data = body.parsed.kind === 'json' ? body.parsed.value : undefined
    const outdated = proof.checkData?.(data)
    if (outdated !== undefined) return demanded(row, outdated)
    const probe = answerProbe?.({ delivery, data }, true)
    if (probe !== undefined) return probe
    const dated = { ...proof, isDatedInBody: proof.checkData !== undefined }
    const facts = { headers, data, json: body.json }
    const identified = identify(delivery, dated, { body, facts })
    if (answerTaken === undefined || identified.kind === 'refused') return identified
    return { ...identified, answer: answerTaken({ delivery, data }) }
  }
}

/** Looks for a probe in a delivery without proof; undefined where the row has none of the kind. */
function compileUnproven(
  row: ProviderRow,
  answerProbe: AnswerProbe | undefined,
): ((delivery: Delivery) => Handshake | Refused | undefined) | undefined {
  const isPossible = row.handshakes?.some(({ unsigned }) => unsigned === true) ?? false
  if (answerProbe === undefined || !isPossible) return undefined
  return (delivery) => {
    if (delivery.body.length > HANDSHAKE_BYTES_MAX) return undefined
    const { parsed } = readBody(row, delivery.body, delivery.headers.get('content-type'))
    return answerProbe({ delivery, data: parsed.kind === 'json' ? parsed.value : undefined }, false)
  }
}

/** A refusal with the status that the provider wants to see. */
function demanded(row: ProviderRow, refusal: Refused): Refused {
  const { refused: status } = row.ack
  return status === undefined ? refusal : { ...refusal, status }
}

/** The MAC that probes are answered with: of the first scheme that has one, by the first secret. */
function compileMac(row: ProviderRow, { secrets }: VerifierOptions, config: RowConfig) {
  const scheme = row.schemes.find((each) => each.kind === 'hmac')
  const secret = secrets.find((each) => scheme !== undefined && acceptsSecret(scheme, each))
  return scheme === undefined || secret === undefined ? undefined : hmacText(scheme, secret, config)
}

type ProofOfSource = Proof & Pick<CompiledScheme, 'checkData'>

function compileProof(
  row: ProviderRow,
  options: VerifierOptions,
  config: RowConfig,
): (delivery: Delivery) => ProofOfSource | Refused {
  const { secrets, now } = options
  if (options.unsigned === true) return unproven(row, secrets)
  if (secrets.length === 0 && row.handshakes?.some(({ learn }) => learn !== undefined)) {
    const notYet = refused('SECRET_NOT_LEARNT', `${row.name} has handed over no secret yet`)
    return () => notYet
  }
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
