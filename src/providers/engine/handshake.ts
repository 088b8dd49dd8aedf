import type { Handshake, Refused } from '../../delivery.ts'
import { HANDSHAKE_CHARS_MAX } from '../../limits.ts'
import type { HandshakeRule } from '../row.ts'
import type { RowConfig } from './config.ts'
import { compilePath, splitReference } from './reference.ts'
import { refused } from './scheme.ts'
import { compileSelect, type Facts } from './select.ts'

/**
 * Answers the provider's probes of the endpoint; undefined for events, and where a row has no
 * probes.
 */
export function compileHandshakes(
  rules: readonly HandshakeRule[],
  config: RowConfig,
): ((facts: Facts) => Handshake | Refused | undefined) | undefined {
  if (rules.length === 0) return undefined
  const compiled = rules.map((rule) => compileHandshake(rule, config))
  return (facts) => {
    for (const answer of compiled) {
      const handshake = answer(facts)
      if (handshake !== undefined) return handshake
    }
    return undefined
  }
}

function compileHandshake(rule: HandshakeRule, config: RowConfig) {
  const conditions = Object.entries(rule.when.json).map(([path, value]) => {
    const read = compilePath(path)
    return (data: unknown) => read(data) === value
  })
  const { status, contentType, body } = rule.respond
  const [, name] = splitReference(body)
  // What is reflected is bounded, and carries no control characters.
  const select = compileSelect([body], config, HANDSHAKE_CHARS_MAX)
  return (facts: Facts): Handshake | Refused | undefined => {
    if (!conditions.every((holds) => holds(facts.data))) return undefined
    const challenge = select(facts)
    return challenge === undefined
      ? refused('REQUEST_MALFORMED', `${rule.name}: ${name} is missing or cannot be sent back`)
      : { kind: 'handshake', status, contentType, body: challenge }
  }
}
