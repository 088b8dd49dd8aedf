import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { variableName, type Environment } from '../settings/config.ts'
import { randomSecret } from '../ids.ts'
import { CATALOGUE } from '../providers/catalogue.ts'
import { takesSecret } from '../providers/engine/secrets.ts'
import { sampleKeys, type SampleKeys } from '../providers/signing/sample-keys.ts'

/** Where development secrets are kept: made on the first start, and read by `inlet send`. */
export function devSecretsFile(dataDir: string): string {
  return join(dataDir, 'dev.env')
}

/** The variables of a `dev.env`; none where there is no such file. */
export function readDevSecrets(dataDir: string): Record<string, string> {
  const file = devSecretsFile(dataDir)
  if (!existsSync(file)) return {}
  const lines = readFileSync(file, 'utf8').split('\n')
  return Object.fromEntries(
    lines
      .filter((line) => line.includes('=') && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

interface NamedSource {
  readonly name: string
  readonly provider: string
}

/**
 * Gives a random secret to every source that takes one and has none in the environment, and keeps
 * it for the next start. Returns their variables; of a source that is gone the secret is kept, but
 * not returned.
 */
export function keepDevSecrets(
  dataDir: string,
  sources: readonly NamedSource[],
  env: Environment,
): Record<string, string> {
  const kept = readDevSecrets(dataDir)
  const current: Record<string, string> = {}
  for (const { name, provider } of sources) {
    const prefix = provider === 'cloudevents' ? 'INLET_EVENTS_TOKEN_' : 'INLET_SECRET_'
    const variable = `${prefix}${variableName(name)}`
    const isGiven = env[variable] !== undefined || env[`${variable}_FILE`] !== undefined
    if (isGiven || isKeyless(provider)) continue
    const made = kept[variable] === undefined ? makeSecret(provider) : undefined
    current[variable] = made?.secret ?? kept[variable] ?? ''
    if (made !== undefined && made.signing !== made.secret) {
      kept[signingVariable(name)] = made.signing
    }
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const lines = Object.entries({ ...kept, ...current }).map(
    ([variable, secret]) => `${variable}=${secret}\n`,
  )
  const file = devSecretsFile(dataDir)
  writeFileSync(file, `# Made by \`inlet dev\`, for this machine only.\n${lines.join('')}`, {
    mode: 0o600,
  })
  chmodSync(file, 0o600)
  return current
}

/** Names the private half of a pair in `dev.env`: no variable of the gateway's. */
export function signingVariable(source: string): string {
  return `DEV_SIGNING_KEY_${variableName(source)}`
}

/** Whether a provider proves itself with keys that it publishes, and its sources have no secret. */
function isKeyless(provider: string): boolean {
  return CATALOGUE.get(provider)?.schemes.some(takesSecret) === false
}

/** In the first form that the provider takes: most take any text, some want a key of theirs. */
function makeSecret(provider: string): SampleKeys {
  const random = randomSecret()
  const [scheme] = CATALOGUE.get(provider)?.schemes ?? []
  const keys = scheme === undefined ? undefined : sampleKeys(scheme, random)
  return keys ?? { secret: random, signing: random }
}
