/**
 * Joins configuration, handler files and the provider catalogue into the sources that are served.
 */
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { assert } from '../assert.ts'
import { variableName, type SourceNaming } from '../settings/config.ts'
import type { ParsedBody, Verifier } from '../delivery.ts'
import { messageOf } from '../faults/faults.ts'
import type { LoadedSource } from './handlers.ts'
import { learntSecretsFile } from './learnt-secrets.ts'
import { TOPIC_NAME } from '../limits/limits.ts'
import { compileRoutes, passEverything } from '../route.ts'
import { countUses, counting } from '../secret-uses.ts'
import { Skew } from '../skew.ts'
import type { Source } from '../source.ts'

/** What the catalogue does for a source. */
export interface ProviderPort {
  /**
   * Names of the INLET_CONFIG_<SOURCE>_<FIELD> values that the provider understands, lower case.
   */
  readonly configFields: readonly string[]
  /** Those of them without which it cannot start, and what they are. */
  readonly requiredFields: ReadonlyMap<string, string>
  /** Whether the provider sends each delivery once, whatever it is answered. */
  readonly neverRetries: boolean
  /** The methods of its requests: POST, and those of its probes. */
  readonly methods: readonly string[]
  /** Whether the operator has something to configure that proves it; else its keys are public. */
  readonly takesSecret: boolean
  /** Where the secret is found. */
  readonly setUp: string
  /** Reads a stored body as the provider writes it. */
  readonly parse?: ((body: Uint8Array, contentType: string) => ParsedBody) | undefined
  /** Where the row was read, where nothing has confirmed it. */
  readonly unconfirmed?: string | undefined
  /** Whether the provider hands over its secret itself. */
  readonly learnsSecret: boolean
  /** What is wrong with a secret, without the secret. */
  readonly validateSecret: (secret: string) => string | undefined
  readonly compile: (options: {
    readonly secrets: readonly string[]
    readonly unsigned: boolean
    readonly config: Readonly<Record<string, string>>
    readonly source: string
    /** The URL that is registered with the provider; undefined where INLET_URL is not set. */
    readonly url: string | undefined
  }) => Verifier
}

export interface ResolvedSources {
  readonly sources: ReadonlyMap<string, Source>
  /** Sources that a handler file defines but nothing configures: names. */
  readonly inactive: readonly string[]
  readonly problems: readonly string[]
  /** The files that INLET_SECRET_<SOURCE>_FILE name. */
  readonly secretFiles: readonly string[]
}

export interface ResolveOptions {
  /** The sources until now. */
  readonly earlier?: ReadonlyMap<string, Source> | undefined
  /** There is something to do without any source. */
  readonly hasOtherWork?: boolean
}

/** What is known of a source before its variables are read. */
interface Named {
  readonly name: string
  readonly provider: string
  readonly loaded: LoadedSource | undefined
}

/** What the variables say of it. */
interface Variables {
  secrets?: readonly string[]
  secretFile?: string
  /** Its secrets are those that its provider hands over: none before the first. */
  isLearning?: true
  /** Its provider's keys are public: it has no secret, and its deliveries are proven. */
  hasPublicKey?: true
  /** Its secret is reported as wrong already. */
  secretIsWrong?: true
  topic?: string
  config: Record<string, string>
}

/**
 * Resolves every source; what is wrong is reported together, one line each, naming
 * the variable or file. Secrets that `earlier` sources have as well go on counting their uses.
 */
export function resolveSources(
  config: SourceNaming,
  loaded: readonly LoadedSource[],
  provider: (key: string) => ProviderPort | undefined,
  { earlier, hasOtherWork = false }: ResolveOptions = {},
): ResolvedSources {
  const problems: string[] = []
  const named = nameSources(config, loaded, problems)
  const variables = assignVariables(config, named, problems)
  const sources = new Map<string, Source>()
  const inactive: string[] = []
  for (const source of named.values()) {
    const settings = variables.get(source.name) ?? { config: {} }
    variables.set(source.name, settings)
    const port = provider(source.provider)
    if (port?.learnsSecret === true) learn(source.name, settings, config, problems)
    if (port?.takesSecret === false) useNoSecret(source.name, settings, config)
    const isWanted = config.sources.has(source.name) || settings.secrets !== undefined
    if (isWanted && port === undefined) {
      problems.push(unknownProvider(source))
      continue
    }
    if (settings.secretIsWrong === true) continue
    if (settings.secrets === undefined) {
      if (config.sources.has(source.name)) {
        const variable = `INLET_SECRET_${variableName(source.name)}`
        problems.push(`${variable} is required (or \`none\`: unsigned). ${port?.setUp}`)
      } else {
        inactive.push(source.name)
      }
      continue
    }
    const { INLET_URL: baseUrl } = config
    const built = build(source, settings, { provider, problems, earlier, baseUrl })
    if (built !== undefined) sources.set(source.name, built)
  }
  const isIdle = sources.size === 0 && config.tokenVariables.size === 0 && !hasOtherWork
  if (isIdle && problems.length === 0) problems.push(nothingConfigured(inactive))
  const secretFiles = [...variables.values()].flatMap(({ secretFile }) => secretFile ?? [])
  return { sources, inactive, problems, secretFiles }
}

function unknownProvider({ name, provider, loaded }: Named): string {
  const where = loaded === undefined ? 'INLET_SOURCES' : basename(loaded.file)
  const list = '`inlet providers` lists them'
  return `${where}: the provider "${provider}" of "${name}" is not known: ${list}`
}

function nothingConfigured(inactive: readonly string[]): string {
  const example = variableName(inactive[0] ?? 'github')
  return inactive.length > 0
    ? `no source is active: set INLET_SECRET_${example} (a handler file defines "${inactive[0]}")`
    : `no source is configured: set INLET_SOURCES=github and INLET_SECRET_${example}`
}

function nameSources(
  config: SourceNaming,
  loaded: readonly LoadedSource[],
  problems: string[],
): Map<string, Named> {
  const named = new Map<string, Named>()
  for (const source of loaded) {
    const { name, provider } = source.definition
    named.set(name, { name, provider, loaded: source })
  }
  for (const [name, provider] of config.sources) {
    const fromFile = named.get(name)
    if (fromFile === undefined) {
      named.set(name, { name, provider, loaded: undefined })
    } else if (fromFile.provider !== provider) {
      const file = basename(fromFile.loaded?.file ?? '')
      problems.push(`INLET_SOURCES says ${name}=${provider}, but ${file} says ${fromFile.provider}`)
    }
  }
  return named
}

/** Gives each INLET_SECRET_…, INLET_TOPIC_… and INLET_CONFIG_… to the source that it names. */
function assignVariables(
  config: SourceNaming,
  named: ReadonlyMap<string, Named>,
  problems: string[],
): Map<string, Variables> {
  const variables = new Map<string, Variables>()
  // The longest name first, so that INLET_CONFIG_MY_SHOP_X belongs to `my-shop` and not to `my`.
  const byVariable = [...named.keys()]
    .map((name) => ({ name, variable: variableName(name) }))
    .toSorted((a, b) => b.variable.length - a.variable.length)
  for (const [full, value] of config.sourceVariables) {
    const [, kind, rest = ''] = full.match(/^INLET_(SECRET|TOPIC|CONFIG)_(.+)$/) ?? []
    const owner =
      byVariable.find(({ variable }) => rest === variable) ??
      byVariable.find(({ variable }) => rest.startsWith(`${variable}_`))
    if (owner === undefined) {
      problems.push(`${full} names no source: add it to INLET_SOURCES, or a handler file for it`)
      continue
    }
    const entry = variables.get(owner.name) ?? { config: {} }
    variables.set(owner.name, entry)
    assign(entry, { full, kind, field: rest.slice(owner.variable.length + 1), value }, problems)
  }
  return variables
}

interface Assignment {
  readonly full: string
  readonly kind: string | undefined
  /** What follows the name of the source: FILE, a config field, or nothing. */
  readonly field: string
  readonly value: string
}

function assign(entry: Variables, variable: Assignment, problems: string[]): void {
  const { full, kind, field, value } = variable
  if (kind === 'SECRET' && (field === '' || field === 'FILE')) {
    if (field === 'FILE') entry.secretFile = value
    const secrets = field === '' ? splitSecrets(value) : readSecrets(full, value, problems)
    const problem =
      entry.secrets !== undefined
        ? 'set the secret or the file, not both'
        : secrets?.length === 0
          ? 'is empty: set the secret, or `none` to take unsigned deliveries'
          : undefined
    if (problem !== undefined) problems.push(`${full} ${problem}`)
    if (problem !== undefined || secrets === undefined) entry.secretIsWrong = true
    else entry.secrets = secrets.length === 1 && secrets[0] === 'none' ? [] : secrets
  } else if (kind === 'TOPIC' && field === '') {
    if (TOPIC_NAME.test(value)) entry.topic = value
    else problems.push(`${full} is no valid Kafka topic name`)
  } else if (kind === 'CONFIG' && field !== '') {
    entry.config[field.toLowerCase()] = value
  } else {
    problems.push(`${full} is not a variable that Inlet knows`)
  }
}

const PEM = /-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g

/** Several secrets are separated by white space; PEM blocks are one each. */
export function splitSecrets(text: string): string[] {
  const blocks = text.match(PEM) ?? []
  const rest = text.replaceAll(PEM, ' ').split(/\s+/)
  return [...blocks, ...rest.filter((secret) => secret !== '')]
}

/** One secret a line, or PEM blocks; undefined where that cannot be read: a problem. */
export function readSecrets(
  variable: string,
  path: string,
  problems: string[],
): string[] | undefined {
  if (!existsSync(path)) {
    problems.push(`${variable} names a file that is not there`)
    return undefined
  }
  try {
    return splitSecrets(readFileSync(path, 'utf8'))
  } catch (error) {
    problems.push(`${variable}: ${messageOf(error)}`)
    return undefined
  }
}

/** Takes the secrets that the provider has handed over, where none is configured. */
function learn(
  name: string,
  settings: Variables,
  { sources, INLET_DATA_DIR }: SourceNaming,
  problems: string[],
): void {
  if (settings.secrets !== undefined || settings.secretIsWrong === true) return
  const path = learntSecretsFile(INLET_DATA_DIR, name)
  const isKnown = existsSync(path)
  if (!isKnown && !sources.has(name)) return
  settings.isLearning = true
  settings.secretFile = path
  const secrets = isKnown ? readSecrets(path, path, problems) : []
  if (secrets === undefined) settings.secretIsWrong = true
  else settings.secrets = secrets
}

/** A source of a provider whose keys are public is active where it is asked for. */
function useNoSecret(name: string, settings: Variables, { sources }: SourceNaming): void {
  if (settings.secrets !== undefined || settings.secretIsWrong === true) return
  if (!sources.has(name)) return
  settings.hasPublicKey = true
  settings.secrets = []
}

interface BuildContext {
  readonly provider: (key: string) => ProviderPort | undefined
  readonly problems: string[]
  readonly earlier: ReadonlyMap<string, Source> | undefined
  readonly baseUrl: string | undefined
}

function build(source: Named, settings: Variables, context: BuildContext): Source | undefined {
  const { name, loaded } = source
  const port = context.provider(source.provider)
  assert(port !== undefined, `the provider of ${name} is known`)
  const problems = validate(source, settings, port)
  context.problems.push(...problems)
  if (problems.length > 0) return undefined
  const events = loaded?.definition.events ?? passEverything(settings.topic ?? `webhooks.${name}`)
  const secrets = settings.secrets ?? []
  const isProven = settings.isLearning === true || settings.hasPublicKey === true
  const unsigned = secrets.length === 0 && !isProven
  const url = context.baseUrl === undefined ? undefined : `${context.baseUrl}/hooks/${name}`
  try {
    const { config } = settings
    const proving = port.compile({ secrets, unsigned, config, source: name, url })
    const earlier = context.earlier?.get(name)
    const secretUses = countUses(secrets, earlier?.secretUses)
    const refusals = earlier?.refusals ?? new Map()
    const skew = earlier?.skew ?? new Skew()
    const verify = unsigned ? proving : counting(proving, { uses: secretUses, refusals, skew })
    const { provider } = source
    const route = compileRoutes(events)
    const { neverRetries, methods, unconfirmed, parse } = port
    const file = loaded?.file
    const known = { name, provider, unsigned, unconfirmed, neverRetries, methods, parse }
    const served = { ...known, file, verify, route }
    if (unsigned) return served
    const learntSecretsFile = settings.isLearning === true ? settings.secretFile : undefined
    return { ...served, secretUses, refusals, skew, learntSecretsFile }
  } catch (error) {
    context.problems.push(`source "${name}": ${messageOf(error)}`)
    return undefined
  }
}

/** What is wrong with the variables of one source. */
function validate(source: Named, settings: Variables, port: ProviderPort): string[] {
  const { name, provider, loaded } = source
  const suffix = variableName(name)
  const problems: string[] = []
  if (loaded !== undefined && settings.topic !== undefined) {
    problems.push(`INLET_TOPIC_${suffix}: ${basename(loaded.file)} decides the topics of "${name}"`)
  }
  const place = settings.isLearning === true ? settings.secretFile : `INLET_SECRET_${suffix}`
  for (const secret of settings.secrets ?? []) {
    const problem = port.validateSecret(secret)
    if (problem !== undefined) problems.push(`${place} ${problem}. ${port.setUp}`)
  }
  for (const field of Object.keys(settings.config)) {
    if (port.configFields.includes(field)) continue
    const known = port.configFields.map((each) => each.toUpperCase()).join(', ') || 'none'
    problems.push(
      `INLET_CONFIG_${suffix}_${field.toUpperCase()} is not a field of ${provider} (${known})`,
    )
  }
  for (const [field, description] of port.requiredFields) {
    if ((settings.config[field] ?? '') !== '') continue
    problems.push(`INLET_CONFIG_${suffix}_${field.toUpperCase()} is required. ${description}`)
  }
  return problems
}
