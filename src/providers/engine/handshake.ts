/** Answers that a row describes: to its provider's probes, and to deliveries that are stored. */
import type { Answer, Handshake, Refused } from '../../delivery.ts'
import type { HandshakeRule, Respond, TakenRule } from '../answers.ts'
import type { RowConfig } from './config.ts'
import {
  compileCheck,
  compileCondition,
  compileReflection,
  compileTemplate,
  type Asked,
  type Mac,
} from './request.ts'
import { refused } from './scheme.ts'

export interface HandshakeOptions {
  readonly config: RowConfig
  /** Undefined where the source has no secret to compute one with. */
  readonly mac: Mac | undefined
}

/** That of a confirmation carries a token: SNS's have about 450 characters. */
const URL_CHARS_MAX = 2048

/** Answers a request that is a probe; undefined where it is none. */
export type AnswerProbe = (asked: Asked, isProven: boolean) => Handshake | Refused | undefined

/** Compiles a row's probes; undefined where it has none. */
export function compileHandshakes(
  rules: readonly HandshakeRule[],
  options: HandshakeOptions,
): AnswerProbe | undefined {
  if (rules.length === 0) return undefined
  const compiled = rules.map((rule) => {
    const { method = 'POST', ...condition } = rule.when
    const holds = compileCondition(condition)
    // Only deliveries are proven, and they are sent with POST.
    const needsProof = method === 'POST' && rule.unsigned !== true
    const isMeant = (asked: Asked, isProven: boolean) =>
      asked.delivery.method === method && (isProven || !needsProof) && holds(asked)
    return { isMeant, answer: compileHandshake(rule, options) }
  })
  return (asked, isProven) =>
    compiled.find(({ isMeant }) => isMeant(asked, isProven))?.answer(asked)
}

/** Whether a row has a token signed for whoever asks, with the key that signs deliveries. */
export function signsForAnybody(rules: readonly HandshakeRule[]): boolean {
  return rules.some(
    ({ when, unsigned, respond }) =>
      (unsigned === true || (when.method ?? 'POST') !== 'POST') &&
      JSON.stringify(respond).includes('{hmac'),
  )
}

function compileHandshake(
  rule: HandshakeRule,
  options: HandshakeOptions,
): (asked: Asked) => Handshake | Refused {
  const { name, learn, confirm, otherwise } = rule
  const checks = (rule.check ?? []).map((check) => compileCheck(check, options.config))
  const respond = compileRespond(rule.respond, options)
  const readSecret = learn === undefined ? undefined : compileReflection(learn)
  const readUrl = confirm === undefined ? undefined : compileReflection(confirm.url, URL_CHARS_MAX)

  return (asked) => {
    if (!checks.every((holds) => holds(asked))) {
      const refusal = refused('HANDSHAKE_REFUSED', `${name}: not what is configured`)
      return otherwise === undefined ? refusal : { ...refusal, status: otherwise }
    }
    const answer = respond(asked)
    const secret = readSecret?.(asked)
    const url = readUrl?.(asked)
    const isWhole =
      (readSecret === undefined || secret !== undefined) &&
      (readUrl === undefined || url !== undefined)
    if (answer === undefined || !isWhole) {
      return refused('REQUEST_MALFORMED', `${name}: a value is missing or cannot be sent back`)
    }
    return {
      kind: 'handshake',
      name,
      answer,
      ...(secret === undefined ? {} : { learn: secret }),
      ...(url === undefined || confirm === undefined
        ? {}
        : { confirm: { url, hosts: confirm.hosts } }),
    }
  }
}

/** Compiles what stored deliveries are answered; undefined where the row demands nothing. */
export function compileTaken(
  rules: readonly TakenRule[],
  options: HandshakeOptions,
): ((asked: Asked) => Answer | undefined) | undefined {
  if (rules.length === 0) return undefined
  const compiled = rules.map(({ when, respond }) => ({
    holds: compileCondition(when ?? {}),
    respond: compileRespond(respond, options),
  }))
  return (asked) => compiled.find(({ holds }) => holds(asked))?.respond(asked)
}

function compileRespond(
  { status, text, json, headers = {} }: Respond,
  { config, mac }: HandshakeOptions,
): (asked: Asked) => Answer | undefined {
  const compile = (template: string) => compileTemplate(template, config, mac)
  const body = text === undefined ? undefined : compile(text)
  const own = mapValues(headers, compile)
  const members =
    json === undefined
      ? undefined
      : mapValues(json, (value): ((asked: Asked) => string | number | undefined) =>
          typeof value === 'string' ? compile(value) : () => value,
        )
  const type =
    members !== undefined ? 'application/json' : body === undefined ? undefined : 'text/plain'
  const typed = type === undefined ? {} : { 'content-type': type }
  return (asked) => {
    const filledHeaders = fillAll(own, asked)
    const filledBody = members === undefined ? body?.(asked) : toJson(fillAll(members, asked))
    if (filledHeaders === undefined || !Object.values(filledHeaders).every(isHeaderValue)) {
      return undefined
    }
    if (type !== undefined && filledBody === undefined) return undefined
    return { status, headers: { ...typed, ...filledHeaders }, body: filledBody ?? null }
  }
}

function mapValues<From, To>(
  values: Readonly<Record<string, From>>,
  map: (value: From) => To,
): readonly (readonly [string, To])[] {
  return Object.entries(values).map(([name, value]) => [name, map(value)])
}

function fillAll<Value>(
  parts: readonly (readonly [string, (asked: Asked) => Value | undefined])[],
  asked: Asked,
): Readonly<Record<string, Value>> | undefined {
  const filled: Record<string, Value> = {}
  for (const [name, fill] of parts) {
    const value = fill(asked)
    if (value === undefined) return undefined
    filled[name] = value
  }
  return filled
}

function toJson(members: object | undefined): string | undefined {
  return members === undefined ? undefined : JSON.stringify(members)
}

/** What a header can carry, whatever a client makes of bytes beyond ASCII. */
function isHeaderValue(value: string): boolean {
  return /^[\u0020-\u007e]*$/.test(value)
}
