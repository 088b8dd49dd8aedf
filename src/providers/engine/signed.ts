/** Schemes that sign a text: they differ only in how a signature is matched. */
import type { EpochMs } from '../../clock.ts'
import type { Refused } from '../../delivery.ts'
import type { KeyNeeded } from '../../key-place.ts'
import { SIGNATURES_MAX } from '../../limits/limits.ts'
import type { SignatureSource, SignedScheme, Timestamp } from '../schemes.ts'
import { Encoding, type Hash } from '../values.ts'
import { fill, setting, type RowConfig } from './config.ts'
import { compileMessage, type Message } from './message.ts'
import { compilePath, splitReference } from './reference.ts'
import type { Asked } from './request.ts'
import { unproven, type CompiledScheme, type Proof, type SchemeOptions } from './scheme.ts'
import { decodeSignature, readSignatures, type FoundSignatures } from './signatures.ts'
import { compileText, textOf, type ReadText } from './text.ts'
import { isWithinWindow, parseTimestamp } from './timestamp.ts'

/** A signature that was sent, decoded. */
export interface Signature {
  readonly bytes: Uint8Array
  /** Which of the scheme's places it stood in. */
  readonly place: number
  /** The hash that was named beside it. */
  readonly hash: Hash | undefined
}

/**
 * The index of the first key by which any of the signatures is one of the message; -1 where there
 * is none.
 */
export type Matcher = (
  message: Message,
  signatures: readonly Signature[],
  request: Asked,
) => number | Refused | KeyNeeded

/** Compiles everything of a signing scheme but the cryptography. */
export function compileSigned(
  scheme: SignedScheme,
  matches: Matcher,
  options: SchemeOptions,
): CompiledScheme {
  const { config } = options
  const { idHeader, timestamp, requireHeaders = {} } = scheme
  const places = compilePlaces(scheme, config)
  const makeMessage = compileMessage(scheme.signed, options)
  const readTime = compileTime(scheme, config)
  const required = Object.entries(requireHeaders)
  const label = places[0]?.label ?? ''

  function check(request: Asked): Proof | Refused | KeyNeeded | undefined {
    const found = collect(places, request)
    if (found === undefined) return undefined
    const { headers } = request.delivery
    for (const [name, value] of required) {
      if (headers.get(name) !== value) return unproven('wrong_version', `${name} is not ${value}`)
    }
    if (found.count > SIGNATURES_MAX) {
      return unproven('mismatch', `${label} has more than ${SIGNATURES_MAX} signatures`)
    }
    if (found.signatures.length === 0) {
      return unproven('bad_encoding', `${label} has no signature of the expected form`)
    }
    const id = idHeader === undefined ? undefined : headers.get(idHeader)
    if (id === null || id === '') return unproven('missing_header', `${idHeader} is missing`)
    const time = readTime?.(request, found.pairs)
    if (time !== undefined && 'kind' in time) return time

    const message = makeMessage({ request, id: id ?? '', timestamp: time?.text ?? '' })
    if ('kind' in message) {
      const { name, isMissing } = message
      if (isMissing) return unproven('missing_header', `${name} is missing, and it is signed`)
      return unproven('mismatch', `${name} makes the signed text ambiguous`)
    }
    const matched = matches(message, found.signatures, request)
    if (typeof matched !== 'number') return matched
    if (matched === -1) return unproven('mismatch', `${label} does not match the body`)
    if (timestamp !== undefined && time !== undefined) {
      const now = options.now()
      if (!isWithinWindow(time.at, now, timestamp.toleranceSeconds)) {
        return expired(timestamp, time.at, now)
      }
    }
    return { kind: 'proven', id, timestamp: time?.text, signedAt: time?.at, secretIndex: matched }
  }

  return {
    label,
    check,
    ...(timestamp === undefined || readTime !== undefined
      ? {}
      : { checkData: compileDataCheck(timestamp, options) }),
  }
}

/** A place where signatures may stand. */
interface CompiledPlace {
  readonly label: string
  readonly source: SignatureSource
  readonly encoding: Encoding
  readonly read: ReadText
}

function compilePlaces(scheme: SignedScheme, config: RowConfig): readonly CompiledPlace[] {
  const encoding = setting(Encoding, scheme.encoding, config)
  return resolveSources(scheme.signatures, config).map((source) => ({
    label: splitReference(source.at)[1],
    source,
    encoding,
    read: compileText(source.at, config),
  }))
}

/** Fills in what the operator configured. */
export function resolveSources(
  sources: readonly SignatureSource[],
  config: RowConfig,
): readonly SignatureSource[] {
  return sources.map((source) => ({
    ...source,
    at: fill(source.at, config) as SignatureSource['at'],
    ...('prefix' in source ? { prefix: fill(source.prefix, config) } : {}),
    ...('key' in source ? { key: fill(source.key, config) } : {}),
  }))
}

interface Collected {
  /** How many were sent, also those that cannot be decoded. */
  readonly count: number
  readonly signatures: readonly Signature[]
  readonly pairs: FoundSignatures['pairs']
}

/** Undefined where none of the places has anything. */
function collect(places: readonly CompiledPlace[], request: Asked): Collected | undefined {
  const signatures: Signature[] = []
  let count = 0
  let isPresent = false
  let pairs: FoundSignatures['pairs']
  for (const [place, { source, encoding, read }] of places.entries()) {
    const value = read(request)
    if (value === undefined) continue
    isPresent = true
    const found = readSignatures(source, value)
    pairs ??= found.pairs
    count += found.signatures.length
    if (count > SIGNATURES_MAX) break
    for (const text of found.signatures) {
      const bytes = decodeSignature(text, encoding)
      if (bytes !== undefined) signatures.push({ bytes, place, hash: found.hash })
    }
  }
  return isPresent ? { count, signatures, pairs } : undefined
}

interface Time {
  readonly text: string
  readonly at: EpochMs
}

type ReadTime = (request: Asked, pairs: FoundSignatures['pairs']) => Time | Refused

/** Reads the time that is spliced; undefined where the scheme splices none. */
function compileTime({ timestamp, signed }: SignedScheme, config: RowConfig): ReadTime | undefined {
  if (timestamp === undefined || !signed.includes('{ts}')) return undefined
  const { from, unit } = timestamp
  const [place, name] = splitReference(fill(from, config))
  const inRequest = place === 'signature' ? undefined : compileText(from, config)
  return (request, pairs) => {
    const text = inRequest === undefined ? single(pairs?.get(name)) : inRequest(request)
    if (text === undefined) return unproven('missing_time', `${name} is missing`)
    const at = parseTimestamp(text, unit)
    if (at !== undefined) return { text, at }
    return unproven('bad_time', `${name} is not one plain time (${unit})`)
  }
}

/** The value of a pair that stands there once. */
function single(values: readonly string[] | undefined): string {
  return values?.length === 1 ? (values[0] ?? '') : ''
}

/** For a time that only the body has: read after the signature matched. */
function compileDataCheck(timestamp: Timestamp, options: SchemeOptions) {
  const [, path] = splitReference(timestamp.from)
  const read = compilePath(path)
  return (data: unknown): Refused | undefined => {
    const at = parseTimestamp(textOf(read(data)) ?? '', timestamp.unit)
    if (at === undefined) {
      return unproven('missing_time', `the signed body has no time in ${path}`)
    }
    const now = options.now()
    const isTimely = isWithinWindow(at, now, timestamp.toleranceSeconds)
    return isTimely ? undefined : expired(timestamp, at, now)
  }
}

/** Of a delivery whose signature matches: that is known before the window is looked at. */
function expired({ from, toleranceSeconds }: Timestamp, signedAt: EpochMs, now: EpochMs): Refused {
  const [, name] = splitReference(from)
  const seconds = Math.round((now - signedAt) / 1000)
  const where = seconds > 0 ? `${seconds} s behind` : `${-seconds} s ahead of`
  const detail = `${name} is ${where} this clock, more than ${toleranceSeconds} s`
  return { ...unproven('stale', detail), signedAt }
}
