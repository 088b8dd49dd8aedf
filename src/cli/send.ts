import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DATABASE_FILE } from '../../db/open.ts'
import { systemClock } from '../clock.ts'
import { variableName, type Environment } from '../settings/config.ts'
import { messageOf } from '../faults/faults.ts'
import { randomUuid } from '../ids.ts'
import { nearestOf } from '../nearest.ts'
import { CATALOGUE } from '../providers/catalogue.ts'
import { takesSecret } from '../providers/engine/secrets.ts'
import { sampleEvents, signSample, type Sample } from '../providers/sign.ts'
import type { ProviderRow } from '../providers/row.ts'
import type { Scheme } from '../providers/schemes.ts'
import { ownProviders } from '../wiring/serving.ts'
import { loadHandlers } from '../loading/handler-files.ts'
import { splitSecrets } from '../loading/sources.ts'
import { parseArguments } from './arguments.ts'
import { UsageError, type Command, type CommandContext } from './command.ts'
import { dataDirOf } from './data-dir.ts'
import { readDevSecrets, signingVariable } from './dev-secrets.ts'
import { sampleEvent, tokenOf } from './sample-event.ts'
import { meaningOf } from './send-answer.ts'
import { showOutcome } from './send-outcome.ts'

const OPTIONS = {
  url: { type: 'string' },
  data: { type: 'string' },
  id: { type: 'string' },
} as const

export const send: Command = {
  name: 'send',
  summary: 'Sign a sample event as the provider would, and deliver it; or send one of a caller.',
  options: OPTIONS,
  help: `Usage: inlet send <source> [event] [options]

Makes a realistic event, signs it with the source's secret, and delivers it to the gateway. With
\`inlet dev\` it also shows the record that came out. Without an event it sends the first sample;
an unknown one is answered with the list.

  inlet send github push
  inlet send stripe payment_intent.succeeded --url https://hooks.example.com
  inlet send github issues.opened --data issue.json

  --url <base>    Where the gateway is. Default: http://127.0.0.1:$PORT.
  --data <file>   Send these bytes instead of a sample.
  --id <id>       The event's id: send the same one twice to see a duplicate.

The secret is read from INLET_SECRET_<SOURCE>, else from <data>/dev.env. A name that has an
INLET_EVENTS_TOKEN_<CALLER> is that of a caller: its event is a CloudEvent of any type.`,
  async run(context) {
    const { values, positionals } = parseArguments(context.args, OPTIONS)
    const [name, type, ...rest] = positionals
    if (name === undefined || rest.length > 0)
      throw new UsageError('name one source, and one event at most')
    const { env } = context
    const dataDir = dataDirOf(env)
    const token = tokenOf(name, env)
    const id = values.id ?? randomUuid()
    const data = values.data === undefined ? undefined : readNamed('--data', values.data)
    const sample =
      token === undefined
        ? await signedSample({ name, type, id, data }, dataDir, env)
        : sampleEvent({ token, type, id, data })
    const base = values.url ?? `http://127.0.0.1:${env['PORT'] || '8080'}`
    const path = token === undefined ? `/hooks/${name}${sample.query ?? ''}` : '/events'
    const url = targetOf(base, path)
    const answered = await deliver(url, sample, context)
    const isHere = values.url === undefined && existsSync(join(dataDir, DATABASE_FILE))
    if (answered?.isNew === true && isHere)
      await showOutcome({ dataDir, source: name }, context.print)
    return answered?.ok === true ? 0 : 1
  },
}

function targetOf(base: string, path: string): URL {
  const url = URL.parse(`${base.replace(/\/$/, '')}${path}`)
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw new UsageError('--url takes the http or https URL of the gateway, without /hooks')
}

interface Wanted {
  readonly name: string
  readonly type: string | undefined
  readonly id: string
  readonly data: Uint8Array | undefined
}

async function signedSample(wanted: Wanted, dataDir: string, env: Environment): Promise<Sample> {
  const { name, type, id, data } = wanted
  const row = await rowOf(name, env)
  return signSample(row, {
    secret: row.schemes.some(canSign) ? secretOf(name, dataDir, env) : nobodyElse(row),
    type: eventType(row, type, data !== undefined),
    eventId: id,
    now: systemClock.now(),
    config: configOf(name, env),
    url: registeredUrl(name, env),
    ...(data === undefined ? {} : { body: data }),
  })
}

/** As the gateway makes it, for providers that sign it. */
function registeredUrl(name: string, { INLET_URL }: Environment): string | undefined {
  return INLET_URL === undefined ? undefined : `${INLET_URL.replace(/\/$/, '')}/hooks/${name}`
}

/** Whether whoever has the source's secret can sign by it. */
function canSign(scheme: Scheme): boolean {
  return takesSecret(scheme) && (scheme.kind !== 'code' || scheme.sign !== undefined)
}

function nobodyElse(row: ProviderRow): never {
  throw new UsageError(`only ${row.name} itself has the key that its deliveries are signed with`)
}

/**
 * The provider of a source: as handler files or INLET_SOURCES say, else the one that has this name.
 */
async function rowOf(name: string, env: Environment): Promise<ProviderRow> {
  const handlers = await loadHandlers(env)
  const defined = handlers.sources.find(({ definition }) => definition.name === name)?.definition
    .provider
  const [, listed] =
    (env['INLET_SOURCES'] ?? '')
      .split(',')
      .map((entry) => entry.trim().split('='))
      .find(([source]) => source === name) ?? []
  const key = defined ?? listed ?? name
  const row = (await ownProviders(handlers)).rows.get(key) ?? CATALOGUE.get(key)
  if (row !== undefined) return row
  const nearest = nearestOf(name, CATALOGUE.keys())
  const hint = nearest === undefined ? '`inlet providers` lists them' : `did you mean ${nearest}?`
  throw new UsageError(`"${name}" is no source, and no provider: ${hint}`)
}

function eventType(row: ProviderRow, type: string | undefined, hasOwnData: boolean): string {
  const known = sampleEvents(row)
  const chosen = type ?? known[0]
  if (chosen !== undefined && (hasOwnData || known.includes(chosen))) return chosen
  const what = chosen === undefined ? 'name the event' : `there is no sample of "${chosen}"`
  throw new UsageError(`${row.key}: ${what}: ${[...known, 'any with --data'].join(', ')}`)
}

/** The first of the configured secrets; undefined where the source is explicitly unsigned. */
function secretOf(name: string, dataDir: string, env: Environment): string | undefined {
  const variable = `INLET_SECRET_${variableName(name)}`
  const file = env[`${variable}_FILE`]
  const kept = readDevSecrets(dataDir)
  const configured =
    file === undefined
      ? (env[variable] ?? kept[signingVariable(name)] ?? kept[variable])
      : new TextDecoder().decode(readNamed(`${variable}_FILE`, file))
  if (configured === undefined) {
    throw new UsageError(`there is no secret: set ${variable}, or start \`inlet dev\` first`)
  }
  return configured === 'none' ? undefined : splitSecrets(configured)[0]
}

function configOf(name: string, env: Environment): Record<string, string> {
  const prefix = `INLET_CONFIG_${variableName(name)}_`
  const own = Object.entries(env).filter(([variable]) => variable.startsWith(prefix))
  return Object.fromEntries(
    own.map(([variable, value]) => [variable.slice(prefix.length).toLowerCase(), value ?? '']),
  )
}

function readNamed(what: string, file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new UsageError(`${what}: ${messageOf(error)}`)
  }
}

interface Answered {
  readonly ok: boolean
  readonly isNew: boolean
}

/** Posts the sample, and prints what was sent and answered; undefined where nothing was. */
async function deliver(
  url: URL,
  sample: Sample,
  { print }: CommandContext,
): Promise<Answered | undefined> {
  // A query that providers are given carries a token.
  print(`POST ${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`)
  for (const [header, value] of Object.entries(sample.headers)) {
    print(`  ${header}: ${sample.credentials?.includes(header) === true ? '…' : value}`)
  }
  const { headers, body } = sample
  try {
    const response = await fetch(url, { method: 'POST', headers, body })
    const text = await response.text()
    const { text: meaning, isNew } = meaningOf(response)
    print(`${response.status}  ${meaning}`)
    if (!response.ok) print(text)
    return { ok: response.ok, isNew }
  } catch (error) {
    print(`no answer: ${messageOf(error)}\nIs the gateway running? \`inlet dev\` starts one.`)
    return undefined
  }
}
