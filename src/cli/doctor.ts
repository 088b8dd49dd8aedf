import { join } from 'node:path'
import { lookAtBodies } from '../../db/damage.ts'
import { networkFileSystem } from '../../db/files.ts'
import { DATABASE_FILE, openReader } from '../../db/open.ts'
import { openOutbox } from '../../db/outbox.ts'
import { quickCheck } from '../../db/quick-check.ts'
import { systemClock } from '../clock.ts'
import type { Consumer } from '../consumer.ts'
import type { Config, Environment } from '../settings/config.ts'
import { checkBodies } from '../doctor/bodies.ts'
import { checkBrokers } from '../doctor/brokers.ts'
import { watchClocks } from '../doctor/clocks.ts'
import { checkDataDir, nearestExisting } from '../doctor/data-dir.ts'
import { checkDatabase } from '../doctor/database.ts'
import { checkDisk } from '../doctor/disk.ts'
import { fail, guarded, ok, warn, type Finding } from '../doctor/finding.ts'
import { checkOutbox } from '../doctor/outbox.ts'
import { checkRedis, type RedisFacts } from '../doctor/redis.ts'
import { checkSecurity } from '../doctor/security.ts'
import { checkConsumed, checkTopics, type ConsumedTopic } from '../doctor/topics.ts'
import { examineStates } from './doctor-states.ts'
import { resolveConsumers } from '../loading/consumers.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import { silentLog } from '../log.ts'
import type { KafkaAdmin } from '../kafka/admin.ts'
import { DOCTOR_BODIES_BYTES_MAX } from '../limits/observing.ts'
import { loadHandlers } from '../loading/handler-files.ts'
import { prepare, type Setup } from '../wiring/setup.ts'
import { parseArguments } from './arguments.ts'
import { UsageError, type Command } from './command.ts'

const OPTIONS = {
  json: { type: 'boolean', default: false },
  full: { type: 'boolean', default: false },
} as const

export const doctor: Command = {
  name: 'doctor',
  summary: 'Check everything that a gateway depends on.',
  options: OPTIONS,
  help: `Usage: inlet doctor [--full] [--json]

Checks, with the environment that \`inlet serve\` would have: configuration and handler files, data
directory, disk, database, clock, every broker with its security, every topic that is known
beforehand, and Redis. One line a finding: ok, warn or FAIL, what, and what to do next. Exits with 1
where anything fails. Changes nothing; runs beside a gateway or without one, as the same user.
Of stored bodies the newest are compared with their hashes.

  --full   Compares all of them: a read of the whole database.
  --json   One JSON object a line, with level, what and next.`,
  async run({ args, env, print }) {
    const { values, positionals } = parseArguments(args, OPTIONS)
    if (positionals.length > 0) throw new UsageError('too many arguments')
    let failures = 0
    for await (const findings of examine(env, values.full)) {
      for (const finding of findings) {
        if (finding.level === 'FAIL') failures += 1
        print(values.json ? JSON.stringify(finding) : lineOf(finding))
      }
    }
    return failures > 0 ? 1 : 0
  },
}

function lineOf(finding: Finding): string {
  const next = 'next' in finding ? `  — ${finding.next}` : ''
  return `${finding.level.padEnd(4)}  ${finding.what}${next}`
}

/** The findings of one check after the other, in the order in which a start would meet them. */
async function* examine(env: Environment, isFull: boolean): AsyncGenerator<readonly Finding[]> {
  const clocks = watchClocks(systemClock)
  const setup = await prepare(env).catch(asProblems)
  if (!('config' in setup)) {
    yield setup
    return
  }
  const { config } = setup
  yield checkSources(setup)
  const path = config.INLET_DATA_DIR
  yield guarded(path, () => checkDataDir({ path, databaseFile: DATABASE_FILE }))
  yield guarded(`the disk of ${path}`, () =>
    checkDisk(nearestExisting(path), {
      clock: systemClock,
      networkFileSystem,
      freeBytesMin: config.INLET_DISK_FREE_MIN_BYTES,
    }),
  )
  yield guarded('what is stored', () => checkStored(join(path, DATABASE_FILE), isFull))
  yield* examineSink(setup, await knownTopics(setup, env))
  yield await examineRedis(config)
  yield clocks()
}

function checkStored(path: string, isFull: boolean): Finding[] {
  const facts = quickCheck(path)
  const findings = checkDatabase(facts)
  if (facts.kind === 'absent' || findings.some(({ level }) => level === 'FAIL')) return findings
  using reader = openReader(path)
  const bodies = lookAtBodies(reader, isFull ? Infinity : DOCTOR_BODIES_BYTES_MAX)
  return [...findings, ...checkBodies(bodies), ...checkOutbox(openOutbox(reader).lag())]
}

/** Everything that is wrong with the configuration; what depends on it cannot be checked. */
function asProblems(error: unknown): readonly Finding[] {
  if (!(error instanceof GatewayError)) throw error
  const next = 'correct it and run this again: the rest is checked once the configuration holds'
  return error.detail.split('\n').map((line) => fail(line.replace(/^\s*-\s*/, ''), next))
}

function checkSources({ sources, callers, inactive }: Setup): Finding[] {
  const names = [...sources.keys(), ...callers.keys()].join(', ')
  const findings: Finding[] = [ok(`configuration and handler files hold: ${names}`)]
  for (const { name, unsigned } of sources.values()) {
    if (!unsigned) continue
    findings.push(warn(`source ${name} is unsigned: anybody can send events to it`, 'set a secret'))
  }
  for (const name of inactive) {
    findings.push(warn(`a handler file defines ${name}, but it is inactive`, 'set its secret'))
  }
  return findings
}

interface KnownTopics {
  readonly names: readonly string[]
  /** Sources and callers whose handlers decide while they run. */
  readonly undecided: readonly string[]
  readonly consumed: readonly ConsumedTopic[]
  /** Consumers of what a pattern matches. */
  readonly patterned: readonly string[]
  readonly consumers: readonly Consumer[]
}

/** Topics that no handler has to run for: where there is no file, and of pass-through routes. */
async function knownTopics({ sources, callers }: Setup, env: Environment): Promise<KnownTopics> {
  const { sources: loaded, consumers: defined } = await loadHandlers(env)
  const names = new Set<string>()
  const undecided = new Set<string>()
  for (const { name, file, route } of [...sources.values(), ...callers.values()]) {
    const definition = loaded.find((each) => each.file === file)?.definition
    for (const type of Object.keys(definition?.events ?? { '*': null })) {
      const found = definition?.events[type] ?? route(type)
      if (found === undefined) continue
      if ('topic' in found) names.add(found.topic)
      else undecided.add(name)
    }
  }
  const consumers = [...resolveConsumers(defined).values()]
  const consumed = consumers.flatMap(({ name: consumer, topics, deadLetterTopic }) =>
    topics
      .filter((topic) => typeof topic === 'string')
      .map((topic) => ({
        consumer,
        topic,
        deadLetterTopic: deadLetterTopic ?? `${topic}.dead`,
      })),
  )
  const patterned = consumers
    .filter(({ topics }) => topics.some((topic) => typeof topic !== 'string'))
    .map(({ name }) => name)
  return { names: [...names].toSorted(), undecided: [...undecided], consumed, patterned, consumers }
}

async function* examineSink(
  { config }: Setup,
  topics: KnownTopics,
): AsyncGenerator<readonly Finding[]> {
  if (config.INLET_SINK === 'file') {
    yield [warn('records go to files, a stand-in for Kafka', 'set INLET_SINK=kafka, and brokers')]
    return
  }
  const { kafkaSecurity: security, KAFKA_CLIENT_ID: clientId } = config
  yield checkSecurity(security, systemClock.now())
  // Clients are loaded where they are needed: every other command starts in less time.
  const { openKafkaAdmin } = await import('../kafka/admin.ts')
  const admin = openKafkaAdmin({ clientId, security, clock: systemClock })
  const brokers = await checkBrokers(config.KAFKA_BROKERS, security, (each) => admin.reach(each))
  yield brokers.findings
  const { answering, clusterSize } = brokers
  if (answering !== undefined) {
    const cluster = { admin, broker: answering, clusterSize }
    yield await examineTopics(config, topics, cluster)
    yield [await examinePublishing(config)]
    yield await examineOwnStates(config, topics, cluster)
  }
}

/** Begins as the relay does, and publishes nothing. */
async function examinePublishing(config: Config): Promise<Finding> {
  const { openConfiguredPublisher } = await import('../wiring/configured-publisher.ts')
  const publisher = openConfiguredPublisher(config, { clock: systemClock, log: silentLog })
  try {
    await publisher.publish([])
    return ok('this client may publish')
  } catch (error) {
    const next = error instanceof GatewayError ? error.fault.hint : 'look at the log of the broker'
    return fail(`this client cannot publish: ${messageOf(error)}`, next)
  } finally {
    await publisher.close()
  }
}

interface Cluster {
  readonly admin: KafkaAdmin
  /** One that answers. */
  readonly broker: string
  readonly clusterSize: number
}

async function examineTopics(
  config: Config,
  { names, undecided, consumed, patterned }: KnownTopics,
  { admin, broker, clusterSize }: Cluster,
): Promise<readonly Finding[]> {
  const wanted = { names, broker, clusterSize, bodyBytesMax: config.INLET_BODY_BYTES_MAX }
  const untold = [
    ...undecided.map((name) =>
      ok(`${name}: its handlers name topics only as they run: /readyz shows one that is missing`),
    ),
    ...patterned.map((name) => ok(`consumer ${name}: what its patterns match is not looked at`)),
  ]
  const read = consumed.flatMap(({ topic, deadLetterTopic }) => [topic, deadLetterTopic])
  try {
    const found = await admin.describeTopics(broker, [...new Set([...names, ...read])])
    return [...checkTopics(wanted, found), ...checkConsumed(consumed, wanted, found), ...untold]
  } catch (error) {
    const next = 'grant Describe on the cluster and the topics to this client'
    return [fail(`the topics cannot be read: ${messageOf(error)}`, next), ...untold]
  }
}

async function examineOwnStates(
  { INLET_DATA_DIR: directory, INLET_PARTITIONS: share }: Config,
  { consumers }: KnownTopics,
  { admin, broker }: Cluster,
): Promise<readonly Finding[]> {
  try {
    return await examineStates(consumers, join(directory, DATABASE_FILE), ({ group }, places) =>
      admin.findCommitted(broker, { group, share }, places),
    )
  } catch (error) {
    const next = 'mend what is said above; to read offsets, grant Read on the groups to this client'
    return [fail(`whose the state of consumers is cannot be read: ${messageOf(error)}`, next)]
  }
}

async function examineRedis(config: Config): Promise<readonly Finding[]> {
  const ask = redisQuestion(config)
  return ask === undefined ? [] : checkRedis(ask)
}

function redisQuestion(config: Config): (() => Promise<RedisFacts>) | undefined {
  const { REDIS_URL, UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = config
  const load = () => import('../idempotency/probe.ts')
  if (REDIS_URL !== undefined) {
    return async () => (await load()).probeRedis(REDIS_URL, systemClock)
  }
  if (url === undefined || token === undefined) return undefined
  return async () => (await load()).probeUpstash({ url, token }, systemClock)
}
