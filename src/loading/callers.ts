/** Joins configuration and handler files into the callers of `POST /events`. */
import { basename } from 'node:path'
import { hashToken, type Caller } from '../caller.ts'
import { variableName, type SourceNaming } from '../settings/config.ts'
import type { LoadedSource } from './handlers.ts'
import { SOURCE_NAME, TOKEN_CHARS_MIN, TOPIC_NAME } from '../limits/limits.ts'
import { compileRoutes, passEverything } from '../route.ts'
import { readSecrets, splitSecrets } from './sources.ts'

/** What a handler file says to be one of a caller, and not of a third party. */
const PROVIDER = 'cloudevents'

export interface ResolvedCallers {
  readonly callers: ReadonlyMap<string, Caller>
  /** Callers that a handler file defines but nothing configures: names. */
  readonly inactive: readonly string[]
  readonly problems: readonly string[]
  /** Files that tokens were read from. */
  readonly tokenFiles: readonly string[]
  /** What is left for the sources: their variables and their handler files. */
  readonly others: { readonly config: SourceNaming; readonly loaded: readonly LoadedSource[] }
}

/** One INLET_EVENTS_TOKEN_ variable. */
interface TokenVariable {
  readonly full: string
  /** The caller, as variables name it. */
  readonly suffix: string
  readonly isFile: boolean
  readonly value: string
}

/** Resolves every caller; what is wrong is reported together, and never a token. */
export function resolveCallers(
  config: SourceNaming,
  loaded: readonly LoadedSource[],
): ResolvedCallers {
  const problems: string[] = []
  const [files, otherFiles] = partition(loaded, (each) => each.definition.provider === PROVIDER)
  const variables = [...config.tokenVariables].map(readName)
  const topics = new Map(config.sourceVariables)
  const callers = new Map<string, Caller>()
  const tokenFiles: string[] = []
  for (const [suffix, ofCaller] of Map.groupBy(variables, (each) => each.suffix)) {
    const file = files.find(({ definition }) => variableName(definition.name) === suffix)
    const name = file?.definition.name ?? suffix.toLowerCase()
    const [variable, another] = ofCaller
    if (variable === undefined) continue
    if (variable.isFile) tokenFiles.push(variable.value)
    if (another !== undefined) problems.push(`${another.full}: set the token or the file, not both`)
    if (!SOURCE_NAME.test(name) || suffix !== suffix.toUpperCase()) {
      problems.push(`${variable.full} must end in the name of a caller, in capitals`)
      continue
    }
    const topic = topics.get(`INLET_TOPIC_${suffix}`)
    problems.push(...problemsOf({ suffix, topic, file }, config, otherFiles))
    topics.delete(`INLET_TOPIC_${suffix}`)
    const events = file?.definition.events ?? passEverything(topic ?? `events.${name}`)
    const tokenHashes = readTokens(variable, problems).map(hashToken)
    callers.set(name, { name, tokenHashes, file: file?.file, route: compileRoutes(events) })
  }
  problems.push(...sharedTokens(callers))
  const names = files.map(({ definition }) => definition.name)
  return {
    callers,
    inactive: names.filter((name) => !callers.has(name)),
    problems,
    tokenFiles,
    others: { config: { ...config, sourceVariables: topics }, loaded: otherFiles },
  }
}

function readName([full, value]: readonly [string, string]): TokenVariable {
  const [, suffix = '', file] = full.match(/^INLET_EVENTS_TOKEN_(.*?)(_FILE)?$/) ?? []
  return { full, suffix, isFile: file !== undefined, value }
}

function readTokens({ full, isFile, value }: TokenVariable, problems: string[]): string[] {
  const tokens = isFile ? readSecrets(full, value, problems) : splitSecrets(value)
  if (tokens === undefined) return []
  if (tokens.length === 0) problems.push(`${full} is empty: set the token of the caller`)
  if (tokens.some((token) => token.length < TOKEN_CHARS_MIN)) {
    problems.push(`${full} has a token of less than ${TOKEN_CHARS_MIN} characters`)
  }
  if (tokens.some((token) => !/^[\w.~+/-]+=*$/.test(token))) {
    problems.push(`${full} has a token that no Bearer header can carry: a-z A-Z 0-9 - . _ ~ + / =`)
  }
  return tokens
}

interface Named {
  readonly suffix: string
  readonly topic: string | undefined
  readonly file: LoadedSource | undefined
}

/** What is wrong with a caller beside its tokens. */
function problemsOf(
  { suffix, topic, file }: Named,
  config: SourceNaming,
  otherFiles: readonly LoadedSource[],
): string[] {
  const problems: string[] = []
  const sources = [...config.sources.keys(), ...otherFiles.map((each) => each.definition.name)]
  if (sources.some((source) => variableName(source) === suffix)) {
    problems.push(`INLET_EVENTS_TOKEN_${suffix}: a source has this name, so a caller cannot`)
  }
  if (topic !== undefined && file !== undefined) {
    const { name } = file.definition
    problems.push(`INLET_TOPIC_${suffix}: ${basename(file.file)} decides the topics of "${name}"`)
  } else if (topic !== undefined && !TOPIC_NAME.test(topic)) {
    problems.push(`INLET_TOPIC_${suffix} is no valid Kafka topic name`)
  }
  return problems
}

/** A token says who calls: it cannot be that of two. */
function sharedTokens(callers: ReadonlyMap<string, Caller>): string[] {
  const owners = [...callers.values()].flatMap(({ name, tokenHashes }) =>
    tokenHashes.map((hash) => ({ name, hash: hash.toHex() })),
  )
  return [...Map.groupBy(owners, ({ hash }) => hash).values()]
    .map((same) => [...new Set(same.map(({ name }) => name))])
    .filter((names) => names.length > 1)
    .map((names) => `the callers ${names.join(' and ')} have a token in common`)
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}
