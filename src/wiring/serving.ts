/**
 * From variables and handler files that are loaded to what is served. The part of the set-up that
 * is the same wherever the program runs.
 */
import { basename } from 'node:path'
import { assert } from '../assert.ts'
import { resolveCallers } from '../loading/callers.ts'
import { systemClock } from '../clock.ts'
import { parseConfig, type Config, type Environment } from '../settings/config.ts'
import { resolveConsumers } from '../loading/consumers.ts'
import type { ParsedBody } from '../delivery.ts'
import { GatewayError } from '../faults/faults.ts'
import type { LoadedHandlers } from '../loading/handlers.ts'
import type { FindKeys } from '../key-place.ts'
import { CATALOGUE } from '../providers/catalogue.ts'
import { readBody } from '../providers/engine/body.ts'
import { takesSecret, validateSecret } from '../providers/engine/secrets.ts'
import { evidenceOf } from '../providers/evidence.ts'
import type { ProviderRow } from '../providers/row.ts'
import { compileVerifier } from '../providers/verifier.ts'
import type { Served } from '../loading/reload.ts'
import type { Source } from '../source.ts'
import { resolveSources, type ProviderPort } from '../loading/sources.ts'

/** What is served, and by which configuration. */
export interface Serving extends Omit<Served, 'watched' | 'handlersName'> {
  readonly config: Config
  /** The files that secrets and tokens were read from. */
  readonly files: readonly string[]
}

export interface ServingOptions {
  readonly handlers: LoadedHandlers
  readonly findKeys: FindKeys
  /** The sources until now: what they count goes on. */
  readonly earlier?: ReadonlyMap<string, Source> | undefined
}

/**
 * Makes the sources, callers and consumers.
 *
 * @throws GatewayError CONFIG_INVALID with everything that is wrong, one line each;
 * HANDLER_INVALID where only handler files are.
 */
export async function resolveServing(
  env: Environment,
  { handlers, findKeys, earlier }: ServingOptions,
): Promise<Serving> {
  const parsed = parseConfig(env)
  const ofCallers = resolveCallers(parsed.ok ? parsed.config : parsed.naming, handlers.sources)
  const { config: others, loaded } = ofCallers.others
  const own = await ownProviders(handlers)
  const provider = (key: string) => portOf(own.rows.get(key) ?? CATALOGUE.get(key), findKeys)
  const ofSources = resolveSources(others, loaded, provider, {
    earlier,
    hasOtherWork: handlers.consumers.length > 0 || takesFromEdges(env),
  })
  const problems = [
    ...(parsed.ok ? [] : parsed.problems),
    ...ofCallers.problems,
    ...ofSources.problems,
  ]
  const unusable = [...handlers.problems, ...own.problems]
  if (!parsed.ok || problems.length > 0) throw invalid([...problems, ...unusable])
  if (unusable.length > 0) throw brokenHandlers(unusable)
  return {
    config: parsed.config,
    sources: ofSources.sources,
    callers: ofCallers.callers,
    consumers: resolveConsumers(handlers.consumers),
    inactive: [...ofSources.inactive, ...ofCallers.inactive],
    files: [...ofSources.secretFiles, ...ofCallers.tokenFiles],
  }
}

/** A core node may be there for what edges forward, and for nothing else. */
function takesFromEdges(env: Environment): boolean {
  return env['INLET_FORWARD_SECRET'] !== undefined && env['INLET_SINK'] !== 'forward'
}

/** What the catalogue does for a source of this provider; without `findKeys`, no key is found. */
export function providerPort(key: string, findKeys?: FindKeys): ProviderPort | undefined {
  return portOf(CATALOGUE.get(key), findKeys)
}

/** The rows that handler files define, by key; none may take the place of one of the catalogue. */
export async function ownProviders({ sources }: LoadedHandlers) {
  const rows = new Map<string, ProviderRow>()
  const problems: string[] = []
  for (const { file, ownProvider } of sources) {
    if (ownProvider === undefined) continue
    // What describes a row takes 9 ms to build, which no start waits for that does not need it.
    const { checkRow } = await import('../providers/own.ts')
    const row = checkRow(ownProvider)
    if (!('key' in row)) problems.push(...row.map((problem) => `${basename(file)}: ${problem}`))
    else if (CATALOGUE.has(row.key)) {
      problems.push(`${basename(file)}: ${row.key} is a provider of the catalogue: choose a key`)
    } else rows.set(row.key, row)
  }
  return { rows, problems }
}

function portOf(row: ProviderRow | undefined, findKeys?: FindKeys): ProviderPort | undefined {
  if (row === undefined) return undefined
  return {
    parse: (body, contentType) => readBody(row, body, contentType).parsed,
    configFields: Object.keys(row.config ?? {}),
    requiredFields: requiredFields(row),
    takesSecret: row.schemes.some(takesSecret),
    setUp: row.setUp,
    unconfirmed: unconfirmedOf(row),
    neverRetries: row.ack.neverRetries === true,
    methods: methodsOf(row),
    learnsSecret: row.handshakes?.some(({ learn }) => learn !== undefined) ?? false,
    validateSecret: (secret) => validateSecret(row, secret),
    compile(options) {
      const keys = findKeys === undefined ? {} : { findKeys }
      return compileVerifier(row, { ...options, ...keys, now: () => systemClock.now() })
    },
  }
}

function requiredFields({ config = {} }: ProviderRow): ReadonlyMap<string, string> {
  const required = Object.entries(config).filter(([, { required }]) => required === true)
  return new Map(required.map(([name, { description }]) => [name, description]))
}

function unconfirmedOf(row: ProviderRow): string | undefined {
  const evidence = evidenceOf(row)
  const isOurs = CATALOGUE.get(row.key) === row && row.category !== 'generic'
  return isOurs && evidence !== 'proven' ? evidence : undefined
}

function methodsOf({ handshakes = [] }: ProviderRow): readonly string[] {
  return [...new Set(['POST', ...handshakes.flatMap(({ when }) => when.method ?? [])])]
}

/** Reads a stored body as the source's provider writes it. */
export function parseStored(source: Source, body: Uint8Array, contentType: string): ParsedBody {
  if (source.parse !== undefined) return source.parse(body, contentType)
  const row = CATALOGUE.get(source.provider)
  assert(row !== undefined, `${source.provider} is in the catalogue`)
  return readBody(row, body, contentType).parsed
}

function invalid(problems: readonly string[]): GatewayError {
  return new GatewayError('CONFIG_INVALID', toLines(problems))
}

/** The error of handler files that cannot be used: one line each. */
export function brokenHandlers(problems: readonly string[]): GatewayError {
  return new GatewayError('HANDLER_INVALID', toLines(problems))
}

function toLines(problems: readonly string[]): string {
  return problems.map((problem) => `  - ${problem}`).join('\n')
}
