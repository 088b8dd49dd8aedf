/** Compiles a catalogue row and a source's secrets into the verifier of that source. */
import type { EpochMs } from '../clock.ts'
import type { Handshake, Refused, Verdict, Verifier } from '../delivery.ts'
import type { FindKeys } from '../key-place.ts'
import { HANDSHAKE_BYTES_MAX } from '../limits/limits.ts'
import { openRequest } from './engine/body.ts'
import { rowConfig, type RowConfig } from './engine/config.ts'
import { compileHandshakes, compileTaken, signsForAnybody } from './engine/handshake.ts'
import type { AnswerProbe } from './engine/handshake.ts'
import { hashesOf, hmacText } from './engine/hmac.ts'
import { compileIdentity } from './engine/identity.ts'
import { compileProof, compileUnsigned } from './engine/prove.ts'
import { isToken, type Asked } from './engine/request.ts'
import { refused, unproven } from './engine/scheme.ts'
import { acceptsSecret } from './engine/secrets.ts'
import type { ProviderRow } from './row.ts'

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
  /** The name of the source. Default: that of the row. */
  readonly source?: string
  /** The URL that is registered with the provider, without a query. */
  readonly url?: string | undefined
  /** Finds keys that providers publish. Default: none. */
  readonly findKeys?: FindKeys
  readonly now: () => EpochMs
}

const FIND_NOTHING: FindKeys = () => ({ kind: 'unknown' })

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
  const prove = compileProving(row, options, config)
  const answering = { config, mac: compileMac(row, options, config) }
  const answerProbe = compileHandshakes(row.handshakes ?? [], answering)
  const answerUnproven = compileUnproven(row, answerProbe)
  const isOracle = signsForAnybody(row.handshakes ?? [])
  const answerTaken = compileTaken(row.ack.taken ?? [], answering)
  const identify = compileIdentity(row, config)

  return (delivery): Verdict => {
    if (delivery.method !== 'POST') {
      const probe = answerProbe?.({ delivery, data: undefined }, false)
      return probe ?? refused('METHOD_NOT_ALLOWED', `it is no probe of ${row.name}`)
    }
    // `123` is signed as a token, and would be a delivery of JSON.
    if (isOracle && isToken(delivery.body)) {
      return unproven('mismatch', 'the body is a text that anybody can have signed')
    }
    const request = openRequest(row, delivery)
    const proof = prove(request)
    if (proof.kind === 'key-needed') return proof
    if (proof.kind === 'refused') return answerUnproven?.(request) ?? demanded(row, proof)
    const { body, data } = request
    const outdated = proof.checkData?.(data)
    if (outdated !== undefined) return demanded(row, outdated)
    const probe = answerProbe?.(request, true)
    if (probe !== undefined) return probe
    const facts = { request: delivery, claims: proof.claims, data, json: body.json }
    const identified = identify(delivery, proof, { body, facts })
    if (answerTaken === undefined || identified.kind === 'refused') return identified
    return { ...identified, answer: answerTaken(request) }
  }
}

/** Looks for a probe in a delivery without proof; undefined where the row has none of the kind. */
function compileUnproven(
  row: ProviderRow,
  answerProbe: AnswerProbe | undefined,
): ((request: Asked) => Handshake | Refused | undefined) | undefined {
  const isPossible = row.handshakes?.some(({ unsigned }) => unsigned === true) ?? false
  if (answerProbe === undefined || !isPossible) return undefined
  return (request) => {
    const isSmall = request.delivery.body.length <= HANDSHAKE_BYTES_MAX
    return isSmall ? answerProbe(request, false) : undefined
  }
}

function compileProving(row: ProviderRow, options: VerifierOptions, config: RowConfig) {
  const { secrets, unsigned, source = row.key, url, findKeys = FIND_NOTHING, now } = options
  if (unsigned === true) return compileUnsigned(row, secrets)
  if (secrets.length === 0 && row.handshakes?.some(({ learn }) => learn !== undefined)) {
    const notYet = refused('SECRET_NOT_LEARNT', `${row.name} has handed over no secret yet`)
    return () => notYet
  }
  return compileProof(row, { source, secrets, config, url, findKeys, now })
}

/** A refusal with the status that the provider wants to see. */
function demanded(row: ProviderRow, refusal: Refused): Refused {
  const { refused: status } = row.ack
  return status === undefined ? refusal : { ...refusal, status }
}

/** The MAC that probes are answered with: of the first scheme that has one, by the first secret. */
function compileMac(row: ProviderRow, { secrets }: VerifierOptions, config: RowConfig) {
  for (const scheme of row.schemes) {
    if (scheme.kind !== 'hmac' && scheme.kind !== 'code') continue
    const hash = scheme.kind === 'hmac' ? hashesOf(scheme, config)[0] : scheme.macHash
    const secret = secrets.find((each) => acceptsSecret(scheme, each))
    if (hash === undefined || secret === undefined || scheme.secret === undefined) continue
    return hmacText(hash, scheme.secret, secret)
  }
  return undefined
}
