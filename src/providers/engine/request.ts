/** Reads values of a request that is no event, or not yet known to be one. */
import type { Delivery } from '../../delivery.ts'
import { HANDSHAKE_CHARS_MAX } from '../../limits/limits.ts'
import type { Check, Condition, RequestReference } from '../answers.ts'
import { fill, type RowConfig } from './config.ts'
import { readForm, theOnly } from './form.ts'
import { equalTexts } from './hash.ts'
import { compilePath, splitReference } from './reference.ts'
import { queryOf } from './url.ts'

/** A request with its body as data; undefined where it is none. */
export interface Asked {
  readonly delivery: Delivery
  readonly data: unknown
}

/** Undefined where the request has no such value. */
type Read = (asked: Asked) => unknown

/** Compiles one reference. */
export function compileRead(reference: RequestReference): Read {
  const [place, name] = splitReference(reference)
  switch (place) {
    case 'header':
      return ({ delivery }) => delivery.headers.get(name) ?? undefined
    case 'query':
      return ({ delivery }) => theOnly(new URLSearchParams(queryOf(delivery.url)), name)
    case 'form':
      return ({ delivery }) =>
        isForm(delivery) ? theOnly(readForm(delivery.body), name) : undefined
    default: {
      const read = compilePath(name)
      return ({ data }) => read(data)
    }
  }
}

const FORM = /^application\/x-www-form-urlencoded\s*(?:;|$)/i

function isForm({ headers }: Delivery): boolean {
  return FORM.test(headers.get('content-type') ?? '')
}

/** Compiles the question whether a request is meant. */
export function compileCondition(condition: Condition): (asked: Asked) => boolean {
  const { equals = {}, only, present = [], absent = [] } = condition
  const values = Object.entries(equals).map(([reference, value]) => {
    const read = compileRead(reference as RequestReference)
    const expected: readonly unknown[] = [value].flat()
    return (asked: Asked) => expected.includes(read(asked))
  })
  const there = present.map(compileRead)
  const missing = absent.map(compileRead)
  return (asked) =>
    values.every((holds) => holds(asked)) &&
    (only === undefined || hasOnly(asked.data, only)) &&
    there.every((read) => read(asked) !== undefined) &&
    missing.every((read) => read(asked) === undefined)
}

function hasOnly(data: unknown, names: readonly string[]): boolean {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return false
  const members = Object.keys(data)
  return members.length === names.length && names.every((name) => Object.hasOwn(data, name))
}

/**
 * Compiles the comparison of a value with what the operator configured. What is not configured is
 * matched by nothing.
 */
export function compileCheck(check: Check, config: RowConfig): (asked: Asked) => boolean {
  const read = compileRead(check.value)
  if ('matches' in check) {
    return (asked) => {
      const value = read(asked)
      return typeof value === 'string' && check.matches.test(value)
    }
  }
  const expected =
    'equals' in check
      ? [fill(check.equals, config)]
      : fill(check.oneOf, config)
          .split(',')
          .map((each) => each.trim())
  const known = expected.filter((each) => each !== '')
  return (asked) => {
    const value = read(asked)
    // All of them, in constant time: a verify token is a secret.
    const found = known.map((each) => typeof value === 'string' && equalTexts(value, each))
    return found.includes(true)
  }
}

/** What is signed for whoever asks: no object of JSON's and no form is one. */
const TOKEN = /^[A-Za-z0-9+/_-]+={0,2}$/

const decoder = new TextDecoder()

/** Whether a body is a text that anybody may have had signed. */
export function isToken(body: Uint8Array): boolean {
  return body.length <= HANDSHAKE_CHARS_MAX && TOKEN.test(decoder.decode(body))
}

/** Computes the MAC of a text under the source's secret. */
export type Mac = (text: string, encoding: 'hex' | 'base64') => string

/** Makes a text from a request; undefined where it lacks a value, or one cannot be sent back. */
export type Fill = (asked: Asked) => string | undefined

/** Compiles a template. */
export function compileTemplate(template: string, config: RowConfig, mac: Mac | undefined): Fill {
  const pieces = template.split(/(\{[^{}]*\})/).map((piece): Fill => {
    const isRead = piece.startsWith('{') && !piece.startsWith('{config:')
    return isRead ? compilePart(piece, mac) : () => fill(piece, config)
  })
  return (asked) => {
    let text = ''
    for (const piece of pieces) {
      const part = piece(asked)
      if (part === undefined) return undefined
      text += part
    }
    return text
  }
}

function compilePart(part: string, mac: Mac | undefined): Fill {
  const reference = part.slice(1, -1)
  const [, encoding] = /^hmac(Hex|Base64):/.exec(reference) ?? []
  if (encoding === undefined) return compileReflection(reference as RequestReference)
  const reflect = compileReflection(reference.slice(reference.indexOf(':') + 1) as RequestReference)
  return (asked) => {
    const text = reflect(asked)
    if (text === undefined || !TOKEN.test(text)) return undefined
    return mac?.(text, encoding === 'Hex' ? 'hex' : 'base64')
  }
}

/** Reads a value that is sent back: bounded, and without control characters. Never trimmed. */
export function compileReflection(
  reference: RequestReference,
  charsMax = HANDSHAKE_CHARS_MAX,
): Fill {
  const read = compileRead(reference)
  return (asked) => {
    const value = read(asked)
    if (typeof value !== 'string' || value === '' || value.length > charsMax) {
      return undefined
    }
    return CONTROL.test(value) || !value.isWellFormed() ? undefined : value
  }
}

// oxlint-disable-next-line no-control-regex -- control characters are exactly what this looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/
