/** What a Worker is configured with, as an environment. */
import { GatewayError } from '../faults/faults.ts'

/**
 * The variables and secrets among the bindings of a Worker. In `[vars]` of wrangler.toml a number
 * or `true` may stand without quotes, and means the same.
 *
 * @throws GatewayError CONFIG_INVALID for what is named like one of ours, and is a table or a list.
 */
export function variablesOf(bindings: Readonly<Record<string, unknown>>): Record<string, string> {
  const variables: Record<string, string> = {}
  const problems: string[] = []
  for (const [name, value] of Object.entries(bindings)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      variables[name] = String(value)
    } else if (OURS.test(name)) {
      problems.push(`  - ${name} must be a text, a number, or true or false`)
    }
  }
  if (problems.length === 0) return variables
  throw new GatewayError('CONFIG_INVALID', problems.join('\n'))
}

/** All else may be what others bind: a database, a queue. */
const OURS = /^(INLET|KAFKA|UPSTASH)_/
