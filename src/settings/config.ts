import { z } from 'zod'
import { parseNetwork } from '../address.ts'
import { ALARM_SETTINGS } from './alarms.ts'
import { EDGE_SETTINGS, edgeProblems } from './edge.ts'
import { parseFailpoint } from '../failpoint.ts'
import { LOG_LEVELS } from '../log.ts'
import { isLoopback } from '../loopback.ts'
import { KAFKA_SECURITY_SETTINGS, readKafkaSecurity, type KafkaSecurity } from './kafka-security.ts'
import {
  BODY_BYTES_MAX,
  BODY_MS_MAX,
  CONNECTIONS_MAX,
  DISK_FREE_MIN_BYTES,
  HANDLER_MS_MAX,
  INFLIGHT_BYTES_MAX,
  RATE_PER_ADDRESS,
  SOURCE_NAME,
} from '../limits/limits.ts'
import { nearestOf } from '../nearest.ts'
import { numberSetting } from './number.ts'
import { TRACE_SETTINGS } from './traces.ts'

const switchText = z.enum(['true', 'false']).transform((text) => text === 'true')
const wholeNumber = (min: number, max: number) => numberSetting(min, max, 'whole')
const port = wholeNumber(0, 65_535)
const DATA_DIR = './data'
const networks = z.string().transform((text, context) =>
  splitList(text).flatMap((entry) => {
    const network = parseNetwork(entry)
    if (network !== undefined) return [network]
    context.addIssue(`entry "${entry.slice(0, 64)}" must be an address or address/bits`)
    return []
  }),
)
const failpointPlan = z.string().transform((text, context) => {
  const plan = parseFailpoint(text)
  if (plan === undefined)
    context.addIssue('must be <point>:<hit>:<signal>:<ms>, see src/failpoint.ts')
  return plan
})
const webUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })

/**
 * Every variable with a fixed name. Its `describe` text is what `--help`
 * and the documentation print.
 */
export const SETTINGS = {
  PORT: port.default(8080).describe('TCP port for webhooks.'),
  INLET_HOST: z.string().min(1).default('0.0.0.0').describe('Address to listen on for webhooks.'),
  INLET_ADMIN_HOST: z.string().min(1).default('127.0.0.1').describe('Address of the admin port.'),
  INLET_ADMIN_PORT: port.default(8081).describe('TCP port for /healthz, /readyz and /api.'),
  INLET_ADMIN_TOKEN: z
    .string()
    .min(16)
    .optional()
    .describe('Bearer token for details on the admin port; required where it is not on loopback.'),
  INLET_URL: webUrl
    .refine((url) => !/[?#]/.test(url), 'must have no query')
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe(
      'Public base URL, `https://hooks.example.com`: providers that sign the URL sign ' +
        '<INLET_URL>/hooks/<source>. The Host header is never believed.',
    ),
  INLET_DATA_DIR: z.string().min(1).default(DATA_DIR).describe('Directory of the database.'),
  INLET_HANDLERS_DIR: z
    .string()
    .min(1)
    .default('./handlers')
    .describe('Directory of handler files.'),
  INLET_SOURCES: z
    .string()
    .optional()
    .describe('Sources that need no handler file: `github,shop=shopify` (name, or name=provider).'),
  INLET_SINK: z
    .enum(['kafka', 'file', 'forward', 'kafka-rest'])
    .default('kafka')
    .describe(
      'Where records go: `kafka`, or `file`, a stand-in that writes <data>/topics/*.ndjson. ' +
        'At the edge also `forward`, to a core node, and `kafka-rest`.',
    ),
  KAFKA_BROKERS: z.string().optional().describe('Brokers, `host:port` separated by commas.'),
  KAFKA_CLIENT_ID: z.string().min(1).default('inlet').describe('Client id shown to the brokers.'),
  INLET_PARTITIONS: z
    .string()
    .transform((text, context) => {
      const [, index, of] = /^(\d{1,3})\/(\d{1,3})$/.exec(text) ?? []
      const share = { index: Number(index), of: Number(of) }
      if (share.index >= 1 && share.index <= share.of) return share
      context.addIssue('must be <n>/<of>, `1/2` and `2/2` on two nodes')
      return z.NEVER
    })
    .optional()
    .describe(
      'The partitions that consumers of this node own: `1/2` and `2/2` on two nodes. Default: ' +
        'Kafka divides them among the nodes of a group, which is at least once.',
    ),
  KAFKA_COMPRESSION: z
    .enum(['none', 'gzip', 'zstd'])
    .default('none')
    .describe('Compression of record batches.'),
  ...KAFKA_SECURITY_SETTINGS,
  ...EDGE_SETTINGS,
  ...ALARM_SETTINGS,
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' })
    .optional()
    .describe('Redis over TCP: needed only where several nodes share sources.'),
  UPSTASH_REDIS_REST_URL: webUrl.optional().describe('Redis over HTTPS, instead of REDIS_URL.'),
  UPSTASH_REDIS_REST_TOKEN: z.string().min(1).optional().describe('Token for the above.'),
  INLET_NODE: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{1,64}$/, 'must be 1 to 64 of a-z A-Z 0-9 . _ -')
    .default('inlet')
    .describe(
      'Name of this node: different on each node that shares sources. Required with Redis.',
    ),
  INLET_BODY_BYTES_MAX: wholeNumber(1024, 64 * 1024 * 1024)
    .default(BODY_BYTES_MAX)
    .describe('Largest request body, in bytes.'),
  // At most what wiring/listen.ts leaves a connection that says little.
  INLET_BODY_MS_MAX: wholeNumber(100, 30_000)
    .default(BODY_MS_MAX)
    .describe('Longest time for one request body to arrive, in ms.'),
  INLET_INFLIGHT_BYTES_MAX: wholeNumber(1024 * 1024, 64 * 1024 * 1024 * 1024)
    .default(INFLIGHT_BYTES_MAX)
    .describe('Request bodies in memory at once, in bytes; above it 503.'),
  INLET_CONNECTIONS_MAX: wholeNumber(1, 1_000_000)
    .default(CONNECTIONS_MAX)
    .describe('Requests that may be open at once; above it 503.'),
  INLET_RATE_PER_ADDRESS: wholeNumber(0, 1_000_000)
    .default(RATE_PER_ADDRESS)
    .describe(
      'Requests a second of one client address, above it 429; verified deliveries are not counted. 0: any.',
    ),
  INLET_RATE_PER_SOURCE: wholeNumber(0, 1_000_000)
    .default(0)
    .describe('Requests a second to one source, above it 429; all are counted. 0: any.'),
  INLET_TRUSTED_PROXIES: networks
    .default([])
    .describe(
      'Proxies whose X-Forwarded-For is believed: addresses and networks, `10.0.0.0/8,fd00::/8`.',
    ),
  INLET_DISK_FREE_MIN_BYTES: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .default(DISK_FREE_MIN_BYTES)
    .describe('Free space in INLET_DATA_DIR below which events get 503, in bytes. 0: no check.'),
  INLET_DATABASE_BYTES_MAX: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .default(0)
    .describe(
      'How large the database may become, in bytes: it is treated as a disk of this size. ' +
        '0: as large as its disk.',
    ),
  INLET_EVENTS_IDEMPOTENCY_KEY: z
    .enum(['optional', 'required'])
    .default('optional')
    .describe('Whether each request to /events needs an Idempotency-Key.'),
  INLET_HANDLER_MS_MAX: wholeNumber(10, 10_000)
    .default(HANDLER_MS_MAX)
    .describe('Longest time for one handler call, in ms.'),
  INLET_RETENTION_DAYS: wholeNumber(1, 3650)
    .default(7)
    .describe(
      'How long events, published records and dedup ids are kept, in days. Days in which the ' +
        'gateway does not run do not count.',
    ),
  INLET_POISON_POLICY: z
    .enum(['continue', 'block-key'])
    .default('continue')
    .describe(
      'After a record that Kafka refuses: later records of its key go on, or wait behind it.',
    ),
  INLET_SHUTDOWN_MS: wholeNumber(100, 600_000)
    .default(10_000)
    .describe('How long SIGTERM may take to drain, in ms.'),
  INLET_LOG_DELIVERIES: switchText
    .default(true)
    .describe('Whether each delivery writes a line to the log.'),
  INLET_KEEP_REJECTED_BODIES: switchText
    .default(false)
    .describe(
      'Whether `inlet rejected` also keeps bodies, in memory. They were not proven, and may hold anything.',
    ),
  ...TRACE_SETTINGS,
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info').describe('Least level that is logged.'),
  INLET_FAILPOINT: failpointPlan
    .optional()
    .describe(
      'For tests of crashes: where this process ends itself, `<point>:<hit>:SIGKILL:<ms>`.',
    ),
} as const

/**
 * Families of variables, one for each source: the rest of the name is the source in
 * capitals, `-` as `_`.
 */
export const SOURCE_SETTINGS = {
  INLET_SECRET_:
    'Secret, token or public key; several, separated by white space, are all valid. `none`: unsigned.',
  INLET_EVENTS_TOKEN_:
    'Bearer token of a caller of /events; several, separated by white space, are all valid.',
  INLET_TOPIC_:
    'Topic without a handler file. Default: webhooks.<source>; of a caller: events.<caller>.',
  INLET_CONFIG_: 'Further values that a provider needs: INLET_CONFIG_<SOURCE>_<FIELD>.',
} as const

const SettingsSchema = z.object(SETTINGS)
type Settings = z.output<typeof SettingsSchema>
/** What the rest of the program sees in another form. */
type Rewritten = 'KAFKA_BROKERS' | 'INLET_SOURCES' | keyof typeof KAFKA_SECURITY_SETTINGS

/** What names and describes sources: known also where the rest is wrong. */
export interface SourceNaming {
  readonly INLET_DATA_DIR: string
  readonly INLET_URL?: string | undefined
  /** By name as in INLET_SOURCES. */
  readonly sources: ReadonlyMap<string, string>
  /**
   * INLET_SECRET_*, INLET_SECRET_*_FILE, INLET_TOPIC_*, INLET_CONFIG_*: by full name, checked
   * once sources are known.
   */
  readonly sourceVariables: ReadonlyMap<string, string>
  /** INLET_EVENTS_TOKEN_*, INLET_EVENTS_TOKEN_*_FILE: by full name. */
  readonly tokenVariables: ReadonlyMap<string, string>
}

/** The configuration: parsed once, at the door, and never read from the environment again. */
export interface Config extends SourceNaming, Readonly<Omit<Settings, Rewritten>> {
  readonly KAFKA_BROKERS: readonly string[]
  /** What KAFKA_SSL*, KAFKA_SASL_* and their files come to. */
  readonly kafkaSecurity: KafkaSecurity
}

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Either a configuration, or everything that is wrong with it: one line each, naming the
 * variable, never its value.
 */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | {
      readonly ok: false
      readonly problems: readonly string[]
      /** So that what is wrong with sources is reported together with the rest. */
      readonly naming: SourceNaming
    }

/** Reads the configuration from the environment. Reports every problem together. */
export function parseConfig(env: Environment): ConfigResult {
  const problems: string[] = []
  const known: Record<string, string> = {}
  const sourceVariables = new Map<string, string>()
  const tokenVariables = new Map<string, string>()
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue
    if (name in SETTINGS) {
      if (value !== '') known[name] = value
    } else if (name.startsWith('INLET_EVENTS_TOKEN_')) {
      tokenVariables.set(name, value)
    } else if (Object.keys(SOURCE_SETTINGS).some((prefix) => name.startsWith(prefix))) {
      sourceVariables.set(name, value)
    } else if (/^(INLET|KAFKA)_/.test(name) && !isServiceLink(name, value)) {
      problems.push(`${name} is not a variable that Inlet knows${suggestion(name)}`)
    }
  }
  // Parsed once: to compile the parser first would take 6 ms more.
  const parsed = SettingsSchema.safeParse(known, { jitless: true })
  for (const issue of parsed.error?.issues ?? []) {
    problems.push(`${issue.path.join('.')} ${issue.message}`)
  }
  const sources = parseSources(known['INLET_SOURCES'], problems)
  const brokers = parseBrokers(known['KAFKA_BROKERS'], problems)
  const kafkaSecurity = readKafkaSecurity(known, brokers, problems)
  checkTogether(known, problems)
  const INLET_DATA_DIR = known['INLET_DATA_DIR'] ?? DATA_DIR
  const INLET_URL = parsed.data?.INLET_URL
  const naming = { sources, sourceVariables, tokenVariables, INLET_DATA_DIR, INLET_URL }
  if (parsed.data === undefined || problems.length > 0) return { ok: false, problems, naming }
  const config = { ...parsed.data, KAFKA_BROKERS: brokers, kafkaSecurity, ...naming }
  return { ok: true, config: Object.freeze(config) }
}

/**
 * Kubernetes describes every Service to every pod by variables of this form, also Services that
 * happen to be called `inlet` or `kafka`: they are nobody's mistake.
 */
function isServiceLink(name: string, value: string): boolean {
  return /^(tcp|udp|sctp):\/\//.test(value) || /_(SERVICE|PORT_\d+_(TCP|UDP|SCTP))_/.test(name)
}

/** What only holds, or fails to hold, between variables. */
function checkTogether(env: Environment, problems: string[]): void {
  const sink = env['INLET_SINK'] ?? 'kafka'
  if (sink === 'kafka' && env['KAFKA_BROKERS'] === undefined) {
    problems.push('KAFKA_BROKERS is required (or set INLET_SINK=file, a stand-in without Kafka)')
  }
  problems.push(...edgeProblems(sink, env))
  const upstash = [env['UPSTASH_REDIS_REST_URL'], env['UPSTASH_REDIS_REST_TOKEN']]
  if ((upstash[0] === undefined) !== (upstash[1] === undefined)) {
    problems.push('UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN go together: one is missing')
  }
  if (env['REDIS_URL'] !== undefined && upstash[0] !== undefined) {
    problems.push('REDIS_URL and UPSTASH_REDIS_REST_URL exclude each other: set one')
  }
  if ((env['INLET_ALARM_URL'] === undefined) !== (env['INLET_ALARM_SECRET'] === undefined)) {
    problems.push('INLET_ALARM_URL and INLET_ALARM_SECRET go together: one is missing')
  }
  const sharesSources = env['REDIS_URL'] !== undefined || upstash[0] !== undefined
  if (sharesSources && env['INLET_NODE'] === undefined) {
    problems.push(
      'INLET_NODE is required with Redis: another name on each node that shares sources',
    )
  }
  if (env['PORT'] !== '0' && (env['PORT'] ?? '8080') === (env['INLET_ADMIN_PORT'] ?? '8081')) {
    problems.push('PORT and INLET_ADMIN_PORT are the same: webhooks and operators need one each')
  }
  const bodyBytesMax = Number(env['INLET_BODY_BYTES_MAX'] ?? BODY_BYTES_MAX)
  if (Number(env['INLET_INFLIGHT_BYTES_MAX'] ?? INFLIGHT_BYTES_MAX) < bodyBytesMax) {
    problems.push('INLET_INFLIGHT_BYTES_MAX must be at least INLET_BODY_BYTES_MAX')
  }
  const diskFreeMin = Number(env['INLET_DISK_FREE_MIN_BYTES'] ?? DISK_FREE_MIN_BYTES)
  const databaseMax = Number(env['INLET_DATABASE_BYTES_MAX'] ?? 0)
  if (databaseMax > 0 && (diskFreeMin === 0 || databaseMax < 2 * diskFreeMin)) {
    problems.push(
      'INLET_DATABASE_BYTES_MAX must be at least twice INLET_DISK_FREE_MIN_BYTES, which must not be 0',
    )
  }
  const adminHost = env['INLET_ADMIN_HOST'] ?? '127.0.0.1'
  if (!isLoopback(adminHost) && env['INLET_ADMIN_TOKEN'] === undefined) {
    problems.push('INLET_ADMIN_TOKEN is required when INLET_ADMIN_HOST is not a loopback address')
  }
}

function parseBrokers(text: string | undefined, problems: string[]): string[] {
  const brokers = splitList(text)
  if (text !== undefined && brokers.length === 0) problems.push('KAFKA_BROKERS names no broker')
  for (const [index, broker] of brokers.entries()) {
    const [, port] = /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9.-]+):(\d{1,5})$/.exec(broker) ?? []
    if (port === undefined || Number(port) > 65_535) {
      problems.push(`KAFKA_BROKERS entry ${index + 1} must be host:port`)
    }
  }
  return brokers
}

function parseSources(text: string | undefined, problems: string[]): Map<string, string> {
  const sources = new Map<string, string>()
  for (const entry of splitList(text)) {
    const [name = '', provider = name, ...rest] = entry.split('=').map((part) => part.trim())
    if (!SOURCE_NAME.test(name) || rest.length > 0) {
      problems.push(
        `INLET_SOURCES entry "${entry}" must be name or name=provider; a name is a-z 0-9 _ -, at most 63`,
      )
    } else if (sources.has(name)) {
      problems.push(`INLET_SOURCES names "${name}" twice`)
    } else {
      sources.set(name, provider)
    }
  }
  const byVariable = Map.groupBy(sources.keys(), variableName)
  for (const names of byVariable.values()) {
    if (names.length > 1) {
      problems.push(`INLET_SOURCES: ${names.join(' and ')} would share one INLET_SECRET_ variable`)
    }
  }
  return sources
}

function splitList(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** The part of a variable's name that stands for a source: `my-shop` → `MY_SHOP`. */
export function variableName(source: string): string {
  return source.toUpperCase().replaceAll('-', '_')
}

function suggestion(name: string): string {
  const candidates = [...Object.keys(SETTINGS), ...Object.keys(SOURCE_SETTINGS)]
  const bare = name.replace(/^INLET_/, '')
  if (bare in SETTINGS) return `: did you mean ${bare}?`
  const nearest = nearestOf(name, candidates)
  return nearest === undefined ? '' : `: did you mean ${nearest}?`
}
