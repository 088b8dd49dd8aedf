import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { installKafkaJars } from './kafka-jars.ts'
import {
  findFreePort,
  makeServerFolder,
  startServerProcess,
  type ServerProcess,
} from './server-process.ts'

/** A small heap is enough for every topic that the tests write. */
const HEAP_MB = 384

const JVM_FLAGS = [
  '-Xms128m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Xshare:auto',
  '-XX:-UsePerfData', // else it leaves a folder in the system's one for temporary files
  '-Dlog4j2.level=INFO',
] as const

const READY_MS_MAX = 2_000

/** A real Apache Kafka: one KRaft node on loopback, alone or as a part of a cluster. */
export interface KafkaServer extends ServerProcess {
  /** For `KAFKA_BROKERS`: `127.0.0.1:<port>`. */
  readonly brokers: string
}

export interface KafkaOptions {
  /** Default: a free one. A proxy that the broker advertises instead must know it beforehand. */
  readonly port?: number
  /** Default 1. Several nodes are one cluster once `config` names their voters. */
  readonly nodeId?: number
  /** Default 384. */
  readonly heapMb?: number
  /** Partitions of a topic whose creator names none. Default 6. */
  readonly partitions?: number
  /** Further listeners by name, each as `//host:port`; `config` gives them their protocols. */
  readonly listeners?: Readonly<Record<string, string>>
  /** Further arguments of the tool that formats the folder, e.g. `--add-scram …`. */
  readonly formatArguments?: readonly string[]
  /** Further lines of server.properties; they win over ours. */
  readonly config?: Readonly<Record<string, string>>
}

/**
 * Starts a Kafka in a temporary folder of its own. It is ready when a client can fetch metadata.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServer> {
  const jars = await installKafkaJars()
  const folder = makeServerFolder('kafka')
  // Codecs unpack native libraries into the folder for temporary files; a killed JVM leaves them.
  const heap = `-Xmx${options.heapMb ?? HEAP_MB}m`
  const java = ['java', heap, ...JVM_FLAGS, `-Djava.io.tmpdir=${folder}`, '-cp', `${jars}/*`]
  const configPath = join(folder, 'server.properties')
  const port = options.port ?? findFreePort()
  const brokers = `127.0.0.1:${port}`
  await Bun.write(configPath, serverProperties(folder, port, options))

  const process = await startServerProcess({
    name: 'Kafka',
    folder,
    command: ['sh', '-c', formatAndRun(options.formatArguments), configPath, ...java],
    isReady: () => isReady(brokers, options.nodeId ?? 1),
  })
  return Object.assign(process, { brokers })
}

/** Formats the folder the first time, then becomes the server, so that the pid is the server's. */
function formatAndRun(formatArguments: readonly string[] = []): string {
  const quoted = formatArguments.map(
    (argument) => `'${argument.replaceAll("'", String.raw`'\''`)}'`,
  )
  const format = `format -t MkU3OEVBNTcwNTJENDM2Qk -c "$0" ${quoted.join(' ')}`
  return `
[ -f formatted ] || "$@" kafka.tools.StorageTool ${format} || exit
: > formatted
exec "$@" kafka.Kafka "$0"`
}

function serverProperties(folder: string, port: number, options: KafkaOptions): string {
  const controllerPort = findFreePort()
  const listeners = Object.entries({
    PLAINTEXT: `//127.0.0.1:${port}`,
    CONTROLLER: `//127.0.0.1:${controllerPort}`,
    ...options.listeners,
  })
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': String(options.nodeId ?? 1),
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: listeners.map(([name, address]) => `${name}:${address}`).join(','),
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'num.partitions': String(options.partitions ?? 6),
    // One node: internal topics cannot be replicated, and one partition of each
    // starts faster than 50.
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    // Members that are killed are to be forgotten soon.
    'group.min.session.timeout.ms': '500',
    // A killed broker may register again only when its session has run out: 9 s by default.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    // The default of 128 MB would fill a third of the heap at start.
    'log.cleaner.dedupe.buffer.size': String(4 * 1024 * 1024),
    ...options.config,
  }
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

/** Whether the broker is in its own metadata: only then does it take part, and lead partitions. */
async function isReady(brokers: string, nodeId: number): Promise<boolean> {
  const admin = new Kafka({
    brokers: [brokers],
    connectionTimeout: READY_MS_MAX,
    requestTimeout: READY_MS_MAX,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  }).admin()
  try {
    await admin.connect()
    const { brokers: known } = await admin.describeCluster()
    return known.some((broker) => broker.nodeId === nodeId)
  } finally {
    await admin.disconnect()
  }
}
