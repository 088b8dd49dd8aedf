import type { Attributes } from './cloud-event.ts'
import {
  ATTRIBUTE_CHARS_MAX,
  ATTRIBUTES_PER_EVENT_MAX,
  EVENT_ID_CHARS_MAX,
  EVENT_TYPE_CHARS_MAX,
} from '../limits/limits.ts'

/** Attributes as they arrived: strings from headers, what JSON says from a body. */
export type RawAttributes = readonly (readonly [name: string, value: unknown])[]

/** Called for everything that is wrong; `at` names the attribute. */
export type Report = (at: string, message: string) => void

const REQUIRED = ['specversion', 'id', 'source', 'type'] as const
const NAME = /^[a-z0-9]+$/
/** Control characters, lone surrogates and noncharacters: CloudEvents forbids them. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u
const INTEGER_MAX = 2 ** 31

/** RFC 3986. What may stand before the fragment, and in it. */
const URI_CHARACTERS = String.raw`(?:[\w.~:/?@!$&'()*+,;=[\]-]|%[0-9A-Fa-f]{2})*`
const SCHEME = '[A-Za-z][A-Za-z0-9+.-]*:'
const URI = new RegExp(`^${SCHEME}${URI_CHARACTERS}(?:#${URI_CHARACTERS})?$`)
/** Without a scheme, the first segment has no colon. */
const URI_REFERENCE = new RegExp(
  `^(?:${SCHEME}|(?![^/?#]*:))${URI_CHARACTERS}(?:#${URI_CHARACTERS})?$`,
)
/** RFC 3339. What it lets through may still have a thirteenth month: see `isTime`. */
const TIME = /^\d{4}-\d\d-(\d\d)T(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i
/** RFC 2045: type/subtype, then parameters. */
const TOKEN = String.raw`[\w!#$%&'*+.^\`|~-]+`
const MEDIA_TYPE = new RegExp(
  String.raw`^${TOKEN}/${TOKEN}(?:\s*;\s*${TOKEN}=(?:${TOKEN}|"(?:[^"\\]|\\.)*"))*\s*$`,
)

/** What is wrong with the attributes that CloudEvents defines; the others are free. */
const CHECKS: Readonly<Record<string, (text: string) => string | undefined>> = {
  specversion: (text) => (text === '1.0' ? undefined : 'must be 1.0'),
  id: (text) => tooLong(text, EVENT_ID_CHARS_MAX),
  source: (text) =>
    tooLong(text, EVENT_ID_CHARS_MAX) ??
    (URI_REFERENCE.test(text) ? undefined : 'must be a URI reference'),
  type: (text) => tooLong(text, EVENT_TYPE_CHARS_MAX),
  subject: () => undefined,
  time: (text) => (isTime(text) ? undefined : 'must be an RFC 3339 time'),
  dataschema: (text) => (URI.test(text) ? undefined : 'must be an absolute URI'),
  datacontenttype: (text) => (MEDIA_TYPE.test(text) ? undefined : 'must be a media type'),
}

/**
 * The attributes of an event, where they are those of a CloudEvent; undefined where not, and then
 * everything that is wrong was reported. An attribute whose value is null counts as absent.
 */
export function readAttributes(
  raw: RawAttributes,
  report: Report,
): { readonly attributes: Attributes; readonly datacontenttype: string | undefined } | undefined {
  const read: Record<string, string> = {}
  let isValid = true
  function refuse(at: string, message: string): void {
    isValid = false
    report(at, message)
  }
  const present = raw.filter(([, value]) => value !== null)
  if (present.length > ATTRIBUTES_PER_EVENT_MAX) {
    refuse('', `has more than ${ATTRIBUTES_PER_EVENT_MAX} attributes`)
    return undefined
  }
  for (const [name, value] of present) {
    const text = toText(name, value)
    if (typeof text === 'string') read[name] = text
    const problem = typeof text === 'string' ? problemOf(name, text) : text.problem
    if (problem !== undefined) refuse(nameForPeople(name), problem)
  }
  const names = new Set(present.map(([name]) => name))
  for (const name of REQUIRED) if (!names.has(name)) refuse(name, 'is required')
  const { datacontenttype, id, source, type, ...others } = read
  if (!isValid || id === undefined || source === undefined || type === undefined) return undefined
  return { attributes: { ...others, id, source, type }, datacontenttype }
}

/** The canonical text of a value; JSON knows three of the types, and the others are strings. */
function toText(name: string, value: unknown): string | { readonly problem: string } {
  if (typeof value === 'string') return value
  if (Object.hasOwn(CHECKS, name)) return { problem: 'must be a string' }
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number' && Number.isInteger(value)) {
    const isInRange = value >= -INTEGER_MAX && value < INTEGER_MAX
    return isInRange ? String(value) : { problem: 'must be an integer of 32 bits' }
  }
  return { problem: 'must be a string, an integer or a boolean' }
}

function problemOf(name: string, text: string): string | undefined {
  if (!NAME.test(name)) return 'is no attribute name: a-z and 0-9 only'
  if (FORBIDDEN.test(text)) return 'has a character that CloudEvents forbids'
  const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined
  if (check !== undefined && text === '') return 'must not be empty'
  return check?.(text) ?? tooLong(text, ATTRIBUTE_CHARS_MAX)
}

function isTime(text: string): boolean {
  const [, day] = text.match(TIME) ?? []
  if (day === undefined || Number.isNaN(Date.parse(text))) return false
  // `Date.parse` reads the 30th of February as the 2nd of March.
  return new Date(Date.parse(text.slice(0, 10))).getUTCDate() === Number(day)
}

function tooLong(text: string, charsMax: number): string | undefined {
  return text.length > charsMax ? `has more than ${charsMax} characters` : undefined
}

/** A name that is none may be anything, of any length. */
function nameForPeople(name: string): string {
  return JSON.stringify(name.slice(0, 64)).slice(1, -1)
}
