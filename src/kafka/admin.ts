/** Questions to a cluster, for checks: what answers, and how its topics are set. */
import type { Socket } from 'node:net'
import { ConfigResourceTypes, Kafka, logLevel, type Admin } from 'kafkajs'
import type { Clock } from '../clock.ts'
import type { Place } from '../consumer.ts'
import { GatewayError } from '../faults/faults.ts'
import type { KafkaSecurity } from '../settings/kafka-security.ts'
import { toKafkajsAddress } from './address.ts'
import { toFault } from './faults.ts'
import { askCommitted, type Committed, type SharedGroup } from './group-offsets.ts'
import { openSecurity } from './security.ts'

/** Everything that one question may take, connecting included. */
const QUESTION_MS_MAX = 10_000

export interface KafkaAdminOptions {
  readonly clientId: string
  readonly security: KafkaSecurity
  readonly clock: Clock
}

/** A broker's answer. */
export interface BrokerAnswer {
  readonly elapsedMs: number
  /** Every broker of its cluster as `host:port`, by the addresses that clients are told to use. */
  readonly advertised: readonly string[]
}

/** A topic; its settings are undefined where this client may not read them. */
export interface TopicDescription {
  readonly name: string
  readonly partitions: number
  readonly replicas: number
  readonly inSyncReplicas: number
  readonly maxMessageBytes: number | undefined
  readonly minInSyncReplicas: number | undefined
}

export interface KafkaAdmin {
  /** @throws GatewayError BROKER_UNAVAILABLE with the reason. */
  reach(broker: string): Promise<BrokerAnswer>
  /**
   * Those of `names` that exist and that this client may see.
   *
   * @throws GatewayError BROKER_UNAVAILABLE or TOPIC_REJECTED.
   */
  describeTopics(broker: string, names: readonly string[]): Promise<TopicDescription[]>
  /**
   * How far a consumer has come in these partitions, whichever node it was.
   *
   * @throws GatewayError BROKER_UNAVAILABLE or GROUP_REJECTED.
   */
  findCommitted(
    broker: string,
    group: SharedGroup,
    places: readonly Place[],
  ): Promise<readonly Committed[]>
}

/** Opens the front. Each question makes its own connection, and closes it. */
export function openKafkaAdmin({ clientId, security, clock }: KafkaAdminOptions): KafkaAdmin {
  const doors = openSecurity(security, clock)

  async function ask<T>(broker: string, question: (admin: Admin) => Promise<T>): Promise<T> {
    const sockets = new Set<Socket>()
    const patience = new AbortController()
    const timeUp = clock.sleep(QUESTION_MS_MAX, patience.signal).then(() => {
      throw new GatewayError('BROKER_UNAVAILABLE', `no answer within ${QUESTION_MS_MAX} ms`)
    })
    const admin = new Kafka({
      clientId,
      brokers: [toKafkajsAddress(broker)],
      connectionTimeout: QUESTION_MS_MAX / 2,
      authenticationTimeout: QUESTION_MS_MAX / 2,
      requestTimeout: QUESTION_MS_MAX / 2,
      enforceRequestTimeout: true,
      retry: { retries: 0 },
      logLevel: logLevel.NOTHING,
      socketFactory: (to) => {
        const socket = doors.connect(to)
        sockets.add(socket)
        return socket
      },
      ...(doors.sasl === undefined ? {} : { sasl: doors.sasl }),
    }).admin()
    const answer = admin.connect().then(() => question(admin))
    try {
      return await Promise.race([answer, timeUp])
    } catch (error) {
      throw toFault(error)
    } finally {
      patience.abort()
      timeUp.catch(() => undefined)
      answer.catch(() => undefined)
      for (const socket of sockets) socket.destroy(new Error('the question is over'))
    }
  }

  return {
    async reach(broker) {
      const startMs = clock.monotonicMs()
      const { brokers } = await ask(broker, (admin) => admin.describeCluster())
      const advertised = brokers.map(({ host, port }) =>
        host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
      )
      return { elapsedMs: clock.monotonicMs() - startMs, advertised }
    },
    findCommitted: (broker, group, places) =>
      ask(broker, (admin) => askCommitted(admin, group, places)),
    async describeTopics(broker, names) {
      const found = await ask(broker, async (admin) => {
        const all = new Set(await admin.listTopics())
        const topics = names.filter((name) => all.has(name))
        return topics.length === 0 ? [] : (await admin.fetchTopicMetadata({ topics })).topics
      })
      const settings = await readSettings((question) => ask(broker, question), found)
      return found.map(({ name, partitions }) => ({
        name,
        partitions: partitions.length,
        replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
        inSyncReplicas: Math.min(...partitions.map(({ isr }) => isr.length)),
        maxMessageBytes: settings.get(`${name} max.message.bytes`),
        minInSyncReplicas: settings.get(`${name} min.insync.replicas`),
      }))
    },
  }
}

/** By topic and name. Empty where this client may not read them: that is one more thing to find. */
async function readSettings(
  ask: <T>(question: (admin: Admin) => Promise<T>) => Promise<T>,
  topics: readonly { readonly name: string }[],
): Promise<ReadonlyMap<string, number>> {
  if (topics.length === 0) return new Map()
  const resources = topics.map(({ name }) => ({
    type: ConfigResourceTypes.TOPIC,
    name,
    configNames: ['max.message.bytes', 'min.insync.replicas'],
  }))
  try {
    const answer = await ask((admin) =>
      admin.describeConfigs({ resources, includeSynonyms: false }),
    )
    return new Map(
      answer.resources.flatMap(({ resourceName, configEntries }) =>
        configEntries.map(({ configName, configValue }) => [
          `${resourceName} ${configName}`,
          Number(configValue),
        ]),
      ),
    )
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'TOPIC_REJECTED') return new Map()
    throw error
  }
}
