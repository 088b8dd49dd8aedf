/** Finds an event's id, type and key in a delivery. */
import type { Delivery } from '../../delivery.ts'
import type { BatchSelector } from '../row.ts'
import { HeaderName } from '../values.ts'
import { fill, setting, type RowConfig } from './config.ts'
import { compilePath, splitReference } from './reference.ts'

/** What can be selected from. */
export interface Facts {
  readonly request: Pick<Delivery, 'headers'>
  /** What the proof itself says. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  /** The parsed body; undefined where it is no data. */
  readonly data: unknown
  /** The text that `data` was parsed from; undefined where it was no JSON. */
  readonly json: string | undefined
  /** Where `data` is one event of a batch: the whole body. */
  readonly envelope?: Pick<Facts, 'data' | 'json'>
}

/** Finds a text; undefined where there is none that can serve. */
export type Select = (facts: Facts) => string | undefined

/**
 * Compiles candidates: the first that is there, is a string or a whole number, and is no longer
 * than `charsMax`.
 */
export function compileSelect(
  candidates: readonly BatchSelector[],
  config: RowConfig,
  charsMax: number,
): Select {
  const compiled = candidates
    .map((candidate) => [candidate].flat())
    .filter((references) => references.every((reference) => !isLeftEmpty(reference, config)))
    .map((references) => references.map((reference) => compileReference(reference, config)))
  return (facts) => {
    for (const references of compiled) {
      const text = join(references, facts)
      if (text !== undefined && text.length <= charsMax) return text
    }
    return undefined
  }
}

/** A candidate whose name the operator may set, and did not. */
function isLeftEmpty(reference: string, config: RowConfig): boolean {
  return fill(splitReference(reference)[1], config) === ''
}

function join(references: readonly Select[], facts: Facts): string | undefined {
  let joined: string | undefined
  for (const reference of references) {
    const text = reference(facts)
    if (text === undefined) return undefined
    joined = joined === undefined ? text : `${joined}.${text}`
  }
  return joined
}

/** Compiles one reference. */
function compileReference(reference: string, config: RowConfig): Select {
  const [place, template] = splitReference(reference)
  const name = fill(template, config)
  switch (place) {
    case 'header': {
      const header = setting(HeaderName, template, config)
      return ({ request }) => usable(request.headers.get(header))
    }
    case 'proof':
      return ({ claims }) => usable(claims?.[name])
    case 'jsonKey':
      return compileKey(name)
    default:
      return compileValue(place, compilePath(name))
  }
}

function compileValue(place: string, read: (data: unknown) => unknown): Select {
  return (facts) => {
    const { data, json } = place === 'envelope' ? (facts.envelope ?? facts) : facts
    const value = read(data)
    if (typeof value === 'string') return usable(value)
    if (typeof value !== 'number' || !Number.isInteger(value)) return undefined
    return Number.isSafeInteger(value) ? String(value) : exactInteger(json, read)
  }
}

/** The name of the first member that ends like `*_events`, or that is not the one of `!id`. */
function compileKey(pattern: string): Select {
  const rest = pattern.slice(1)
  const isMeant = pattern.startsWith('!')
    ? (key: string) => key !== rest
    : (key: string) => key.endsWith(rest)
  return ({ data }) => {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined
    return usable(Object.keys(data).find(isMeant))
  }
}

/**
 * A whole number beyond 2^53 as it stands in the text: two ids that differ in the last digit are
 * one number to JSON.parse. Reads the text a second time, which only these few pay.
 */
function exactInteger(
  json: string | undefined,
  read: (data: unknown) => unknown,
): string | undefined {
  if (json === undefined) return undefined
  try {
    return usable(read(JSON.parse(json, keepDigits)))
  } catch {
    // With a reviver, JSON.parse recurses: nesting that it takes without one can overflow the stack
    // with one.
    return undefined
  }
}

function keepDigits(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source ?? ''
  return typeof value === 'number' && /^-?\d{16,}$/.test(source) ? source : value
}

/** Text that can stand in an index, a header and a log line; anything else counts as not there. */
export function usable(value: unknown, charsMax = Number.MAX_SAFE_INTEGER): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  if (text === '' || text.length > charsMax) return undefined
  return CONTROL.test(text) || !text.isWellFormed() ? undefined : text
}

// oxlint-disable-next-line no-control-regex -- control characters are exactly what this looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/
