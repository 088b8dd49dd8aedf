import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ConfigResourceTypes,
  ResourcePatternTypes,
} from 'kafkajs'
import type { Verdict } from '../../support/faulty-proxy.ts'
import { CLUSTER_LOGIN, type KafkaCluster } from '../../support/kafka-cluster.ts'
import { createTopicNamed, withAdmin } from '../../support/topics.ts'

/** A number for each form of the run. */
interface InForm {
  readonly full: number
  readonly short: number
}

/** A second topic is for schedules in which one suffers and the other must not. */
export interface World {
  readonly cluster: KafkaCluster
  readonly topics: readonly [first: string, second: string]
  /** Numbers in [0, 1) of the schedule's seed. */
  readonly random: () => number
  /** Waits: `full` ms in the full form, `short` ms in the short one. */
  readonly wait: (ms: InForm) => Promise<void>
  /** How often a fault is repeated. */
  readonly times: (count: InForm) => number
}

const PARTITIONS = 12
const ALL_PARTITIONS = Array.from({ length: PARTITIONS }, (_, partition) => partition)

/** What the proxies do to answers, and to requests, from now on. */
export function setVerdicts(
  { cluster }: World,
  verdicts: { readonly request?: () => Verdict; readonly answer?: () => Verdict },
): void {
  for (const proxy of cluster.proxies) {
    proxy.onRequest = verdicts.request ?? (() => 'pass')
    proxy.onAnswer = verdicts.answer ?? (() => 'pass')
  }
}

/** The index of the node that leads most partitions of the first topic. */
export async function leaderOf({ cluster, topics }: World): Promise<number> {
  const metadata = await withAdmin(cluster.brokers, (admin) =>
    admin.fetchTopicMetadata({ topics: [topics[0]] }),
  )
  const partitions = metadata.topics[0]?.partitions ?? []
  const led = Map.groupBy(partitions, ({ leader }) => leader)
  const [most] = [...led].toSorted(([, a], [, b]) => b.length - a.length)
  return (most?.[0] ?? 1) - 1
}

/** Kills a node, and starts it again after a pause. */
export async function bounce(
  { cluster, wait }: World,
  index: number,
  downMs: InForm,
): Promise<void> {
  await cluster.nodes[index]?.kill()
  await wait(downMs)
  await cluster.nodes[index]?.restart()
}

/** Gives each partition another first replica; the controller moves its leader there. */
export async function moveLeaders({ cluster, topics }: World, turn: number): Promise<void> {
  const partitionAssignment = ALL_PARTITIONS.map((partition) => ({
    partition,
    replicas: [0, 1, 2].map((offset) => ((partition + turn + offset) % 3) + 1),
  }))
  await withAdmin(cluster.brokers, (admin) =>
    admin.alterPartitionReassignments({ topics: [{ topic: topics[0], partitionAssignment }] }),
  )
}

/** Forbids the gateway to write to the second topic; the result allows it again. */
export async function denyWrites({ cluster, topics }: World): Promise<() => Promise<void>> {
  const resource = {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topics[1],
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${CLUSTER_LOGIN.username}`,
    host: '*',
    operation: AclOperationTypes.WRITE,
    permissionType: AclPermissionTypes.DENY,
  }
  await withAdmin(cluster.brokers, (admin) => admin.createAcls({ acl: [resource] }))
  return async () => {
    await withAdmin(cluster.brokers, (admin) => admin.deleteAcls({ filters: [resource] }))
  }
}

/** Asks for as many copies of each write to the first topic. */
export async function setMinInSync({ cluster, topics }: World, copies: number): Promise<void> {
  const configEntries = [{ name: 'min.insync.replicas', value: String(copies) }]
  await withAdmin(cluster.brokers, (admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topics[0], configEntries }],
    }),
  )
}

export async function makeTopic(cluster: KafkaCluster, topic: string): Promise<void> {
  await createTopicNamed(topic, { brokers: cluster.brokers, partitions: PARTITIONS, replicas: 3 })
}
