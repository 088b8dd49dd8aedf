/**
 * A real cluster of three Kafka nodes that breaks in every way it can, while a gateway publishes
 * to it under load. The control is a relay as people write it with kafkajs: it must lose events.
 */
import { join } from 'node:path'
import { systemClock } from '../../../src/clock.ts'
import { randomToken } from '../../../src/ids.ts'
import { RELAY_BATCH_ENTRIES_MAX } from '../../../src/limits/limits.ts'
import { startGateway, type GatewayProcess } from '../../support/gateway-process.ts'
import { CLUSTER_LOGIN, startKafkaCluster, type KafkaCluster } from '../../support/kafka-cluster.ts'
import { makeTempDir } from '../../support/temp.ts'
import { deleteTopics, readTopic } from '../../support/topics.ts'
import { startEventSenders } from '../event-senders.ts'
import { audit, countStoredTwice, type Audit } from '../ledger.ts'
import { seeded } from '../seeded.ts'
import type { Row, TortureOptions } from '../torture.ts'
import { SCHEDULES, type Schedule } from './schedules.ts'
import { makeTopic, type World } from './world.ts'

const NAMES = Object.keys(SCHEDULES) as (keyof typeof SCHEDULES)[]
/** One schedule a part. */
export const KAFKA_PARTS = NAMES.length

const KEYS = 60
const BATCH = 20
const PER_SECOND = 2_500
const EVENTS_MIN = { full: 50_000, short: 3_000 }
const DRAIN_MS_MAX = 5 * 60_000
/** The control drains within 1 s, or never. */
const CONTROL_DRAIN_MS_MAX = 5_000
const POLL_MS = 100
const CALLERS = [{ token: 'made-up-token-of-one' }, { token: 'made-up-token-of-two' }]
const CONTROL = [process.execPath, join(import.meta.dir, '../control/plain-kafkajs.ts')]
const CONTROL_SCHEDULE = 'connections are cut inside a frame'

interface Trial extends Pick<TortureOptions, 'command' | 'form' | 'seed'> {
  readonly cluster: KafkaCluster
  readonly schedule: Schedule
  /** How long the rest may take once the faults are over; what is not on its topic then is lost. */
  readonly drainMsMax: number
}

interface Outcome extends Audit {
  /** Sends whose outcome the relay did not know, or that were refused. */
  readonly failedSends: number
  /** Requests that were not answered by an acknowledgement. */
  readonly refusals: number
  /** Refused records that are in nobody's way: kept, with their reason. */
  readonly blocked: number
  readonly held: boolean
}

export async function kafka(options: TortureOptions): Promise<Row> {
  const chosen = NAMES.filter((name, index) => {
    const schedule: Schedule = SCHEDULES[name]
    return options.form === 'short' ? schedule.inShort : index === options.part
  })
  await using cluster = await startKafkaCluster()
  const outcomes: Outcome[] = []
  for (const name of chosen) {
    const schedule = SCHEDULES[name]
    const drainMsMax = DRAIN_MS_MAX
    const outcome = await runSchedule({ ...options, cluster, schedule, drainMsMax })
    if (!outcome.held) console.log(`kafka, ${name}: ${JSON.stringify(outcome)}`)
    outcomes.push(outcome)
  }
  const control = await runSchedule({
    ...options,
    form: 'short',
    command: CONTROL,
    cluster,
    schedule: SCHEDULES[CONTROL_SCHEDULE],
    drainMsMax: CONTROL_DRAIN_MS_MAX,
  })
  const sum = (count: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + count(outcome), 0)
  return {
    cases: outcomes.length,
    acked: sum(({ acked }) => acked),
    lost: sum(({ lost }) => lost),
    duplicates: sum(({ duplicates }) => duplicates),
    inversions: sum(({ inversions }) => inversions),
    held: outcomes.every(({ held }) => held),
    controlCaught: control.lost > 0,
    figures: {
      'failed sends': sum(({ failedSends }) => failedSends),
      'records refused and kept': sum(({ blocked }) => blocked),
    },
  }
}

/** One schedule, with topics and a gateway of its own. */
async function runSchedule(trial: Trial): Promise<Outcome> {
  const { cluster, schedule, form, command } = trial
  const run = randomToken()
  const topics = [`torture-one-${run}`, `torture-two-${run}`] as const
  const world: World = {
    cluster,
    topics,
    random: seeded(trial.seed),
    wait: (ms) => systemClock.sleep(ms[form]),
    times: (count) => count[form],
  }
  await makeTopic(cluster, topics[0])
  if (schedule.lacksSecondTopic !== true) await makeTopic(cluster, topics[1])
  await using directory = await makeTempDir()
  await using gateway = await startGateway({
    command,
    cwd: directory.path,
    env: environmentOf(cluster, topics),
  })
  const senders = startEventSenders({
    url: () => gateway.url,
    callers: CALLERS,
    keys: KEYS,
    batch: BATCH,
    perSecond: schedule.perSecond ?? PER_SECOND,
    ...(schedule.padBytes === undefined ? {} : { padBytes: schedule.padBytes }),
  })
  await Promise.all([schedule.run(world), senders.reached(EVENTS_MIN[form])])
  await senders.stop()
  const { blocked, dead } = await settled(gateway, trial.drainMsMax)
  const records = []
  for (const topic of topics) records.push(...(await readTopic(cluster.brokers, topic)))
  await deleteTopics(cluster.brokers, topics)
  const { ledger, refusals } = senders
  const oversize = ledger.acked.filter((event) => (schedule.padBytes?.(event) ?? 0) > 0)
  const refusedIds = blocked === 0 ? new Set() : listBlocked(command, directory.path)
  const delivered = ledger.acked.filter(({ id }) => !refusedIds.has(id))
  const audited = { ...audit({ acked: delivered }, records), acked: ledger.acked.length }
  const failures = ['relay.unavailable', 'relay.set_aside']
  const failedSends = gateway.log.filter(({ message }) => failures.includes(message)).length
  const held =
    audited.lost === 0 &&
    audited.inversions === 0 &&
    countStoredTwice(records) === 0 &&
    audited.duplicates <= failedSends * RELAY_BATCH_ENTRIES_MAX &&
    refusals.length === 0 &&
    dead === 0 &&
    // What can never be published waits for a person, and nothing else does.
    blocked === oversize.length &&
    oversize.every(({ id }) => refusedIds.has(id))
  return { ...audited, failedSends, refusals: refusals.length, blocked, held }
}

function environmentOf(
  cluster: KafkaCluster,
  topics: readonly [string, string],
): Readonly<Record<string, string>> {
  const [one, two] = CALLERS.map(({ token }) => token)
  return {
    KAFKA_BROKERS: cluster.doors,
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: CLUSTER_LOGIN.username,
    KAFKA_SASL_PASSWORD: CLUSTER_LOGIN.password,
    INLET_EVENTS_TOKEN_ONE: one ?? '',
    INLET_EVENTS_TOKEN_TWO: two ?? '',
    INLET_TOPIC_ONE: topics[0],
    INLET_TOPIC_TWO: topics[1],
    INLET_BODY_BYTES_MAX: String(32 * 1024 * 1024),
    INLET_LOG_DELIVERIES: 'false',
  }
}

interface Settled {
  readonly blocked: number
  readonly dead: number
}

/**
 * Resolves to what waits for a person, once nothing waits for Kafka nor for a topic, or after
 * `msMax`.
 */
async function settled(gateway: GatewayProcess, msMax: number): Promise<Settled> {
  const deadlineMs = systemClock.monotonicMs() + msMax
  for (;;) {
    const { relay } = (await (await fetch(`${gateway.adminUrl}/readyz`)).json()) as {
      relay: Settled & { readonly pending: number; readonly retry: number }
    }
    const isSettled = relay.pending === 0 && relay.retry === 0
    if (isSettled || systemClock.monotonicMs() > deadlineMs) return relay
    await systemClock.sleep(POLL_MS)
  }
}

/** The ids of the events that have a blocked record, as the gateway shows them to a person. */
function listBlocked(command: readonly string[], cwd: string): ReadonlySet<string> {
  const args = [...command, 'events', '--records', 'blocked', '--limit', '10000', '--json']
  const { stdout } = Bun.spawnSync(args, { cwd, env: {} })
  const lines = stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '')
  const identities = lines.map((line) => (JSON.parse(line) as { eventId: string }).eventId)
  return new Set(identities.map((identity) => identity.split(' ')[1] ?? ''))
}
