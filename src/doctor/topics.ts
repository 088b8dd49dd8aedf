import { RELAY_BATCH_BYTES_MAX } from '../limits/limits.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** A topic as the cluster describes it. Undefined: this client may not ask. */
export interface TopicFacts {
  readonly name: string
  readonly partitions: number
  /** Of the partition that has fewest. */
  readonly replicas: number
  readonly inSyncReplicas: number
  readonly maxMessageBytes: number | undefined
  readonly minInSyncReplicas: number | undefined
}

export interface WantedTopics {
  /** The topics that configuration and handler files name. */
  readonly names: readonly string[]
  /** One that the commands of the findings can name. */
  readonly broker: string
  readonly bodyBytesMax: number
  readonly clusterSize: number
}

/** What the commands of the findings need to know. */
type CommandFacts = Pick<WantedTopics, 'broker' | 'clusterSize'>

/** Headers, key and the frame of a batch around a body: all bounded, 4 KiB is ample. */
const RECORD_OVERHEAD_BYTES = 4 * 1024

/** And around a record that is given up: Inlet's headers say why, and each of them is bounded. */
const DEAD_LETTER_OVERHEAD_BYTES = 8 * 1024

/** Kafka's default. */
const MAX_MESSAGE_BYTES = 1_048_588

/** A topic that a consumer reads, and where those of its records go that are given up. */
export interface ConsumedTopic {
  readonly consumer: string
  readonly topic: string
  readonly deadLetterTopic: string
}

/** Compares the topics that records go to with those that there are. */
export function checkTopics(wanted: WantedTopics, found: readonly TopicFacts[]): Finding[] {
  return wanted.names.flatMap((name) => {
    const facts = found.find((each) => each.name === name)
    if (facts === undefined) return [missing(name, wanted)]
    const problems = [...checkReplication(facts, wanted), ...checkSize(facts, wanted)]
    const { partitions, replicas } = facts
    if (problems.length > 0) return problems
    return [ok(`topic ${name}: ${partitions} partitions, ${replicas} replicas`)]
  })
}

/** Compares the topics that consumers read with those that their dead letters go to. */
export function checkConsumed(
  consumed: readonly ConsumedTopic[],
  cluster: CommandFacts,
  found: readonly TopicFacts[],
): Finding[] {
  return consumed.flatMap(({ consumer, topic, deadLetterTopic }) => {
    const [facts, dead] = [topic, deadLetterTopic].map((name) =>
      found.find((each) => each.name === name),
    )
    if (facts === undefined) {
      return [
        warn(
          `topic ${topic} does not exist, or this client may not see it: consumer ${consumer} waits for it`,
          'create it, or grant Describe and Read on it',
        ),
      ]
    }
    const { maxMessageBytes: largest = MAX_MESSAGE_BYTES } = facts
    const needed = largest + DEAD_LETTER_OVERHEAD_BYTES
    if (dead === undefined) {
      return [
        warn(
          `topic ${deadLetterTopic} does not exist, or this client may not see it: dead letters of consumer ${consumer} wait for it`,
          create(deadLetterTopic, needed, cluster),
        ),
      ]
    }
    const { maxMessageBytes = needed } = dead
    if (maxMessageBytes >= needed) return [ok(`consumer ${consumer}: ${topic}, ${deadLetterTopic}`)]
    return [
      warn(
        `topic ${deadLetterTopic}: max.message.bytes is ${maxMessageBytes}: it refuses dead letters of the largest records of ${topic} (${largest} bytes), and they are blocked`,
        alter(deadLetterTopic, `max.message.bytes=${needed}`, cluster),
      ),
    ]
  })
}

function missing(name: string, wanted: WantedTopics): Finding {
  return fail(
    `topic ${name} does not exist, or this client may not see it`,
    create(name, wanted.bodyBytesMax + RECORD_OVERHEAD_BYTES, wanted),
  )
}

/** The command that makes a topic. */
function create(
  name: string,
  maxMessageBytes: number,
  { broker, clusterSize }: CommandFacts,
): string {
  const replicas = Math.max(1, Math.min(3, clusterSize))
  const inSync = replicas === 3 ? ' --config min.insync.replicas=2' : ''
  const which = `--bootstrap-server ${broker} --create --topic ${name}`
  const how = `--partitions 6 --replication-factor ${replicas}${inSync}`
  const size = `--config max.message.bytes=${maxMessageBytes}`
  return `kafka-topics.sh ${which} ${how} ${size}; and grant Describe and Write on it`
}

/** The command that changes a setting of a topic. */
function alter(name: string, setting: string, { broker }: CommandFacts): string {
  const where = `--bootstrap-server ${broker} --alter --topic ${name}`
  return `kafka-configs.sh ${where} --add-config ${setting}`
}

function checkReplication(topic: TopicFacts, wanted: WantedTopics): Finding[] {
  const { name, replicas, inSyncReplicas, minInSyncReplicas: least } = topic
  const findings: Finding[] = []
  if (least !== undefined && least > replicas) {
    findings.push(
      fail(
        `topic ${name}: min.insync.replicas is ${least}, but it has ${replicas} replicas: no write can succeed`,
        `set min.insync.replicas to ${Math.max(1, replicas - 1)}, or raise the replication factor`,
      ),
    )
  } else if (least !== undefined && inSyncReplicas < least) {
    findings.push(
      fail(
        `topic ${name}: ${inSyncReplicas} replicas are in sync, ${least} are needed: writes wait`,
        'bring the missing brokers back',
      ),
    )
  } else if (replicas === 1) {
    findings.push(
      warn(
        `topic ${name} has one replica: what Kafka acknowledged is lost with that broker's disk`,
        'a replication factor of 3 and min.insync.replicas=2 survive the loss of one',
      ),
    )
  } else if (least === 1) {
    findings.push(
      warn(
        `topic ${name}: min.insync.replicas is 1: a write may be acknowledged by one broker alone`,
        alter(name, 'min.insync.replicas=2', wanted),
      ),
    )
  }
  return findings
}

function checkSize({ name, maxMessageBytes }: TopicFacts, wanted: WantedTopics): Finding[] {
  const { bodyBytesMax } = wanted
  if (maxMessageBytes === undefined) {
    return [
      warn(
        `topic ${name}: its settings cannot be read, so its max.message.bytes is not checked`,
        'grant DescribeConfigs on it to this client',
      ),
    ]
  }
  const needed = bodyBytesMax + RECORD_OVERHEAD_BYTES
  if (maxMessageBytes >= needed) return checkBatch(name, maxMessageBytes, wanted)
  const fits = maxMessageBytes - RECORD_OVERHEAD_BYTES
  const lower = fits >= 1024 ? `, or set INLET_BODY_BYTES_MAX=${fits}` : ''
  return [
    warn(
      `topic ${name}: max.message.bytes is ${maxMessageBytes}: it refuses the largest bodies that are taken (${bodyBytesMax} bytes), and their events go dead`,
      `${alter(name, `max.message.bytes=${needed}`, wanted)}${lower}`,
    ),
  ]
}

/** It bounds whole batches: a refused one is taken apart, which is slow and repeats records. */
function checkBatch(name: string, maxMessageBytes: number, wanted: WantedTopics): Finding[] {
  if (maxMessageBytes >= RELAY_BATCH_BYTES_MAX) return []
  return [
    warn(
      `topic ${name}: max.message.bytes is ${maxMessageBytes}, less than one batch of the relay`,
      alter(name, 'max.message.bytes=1048588', wanted),
    ),
  ]
}
