import { once } from 'node:events'
import { connect } from 'node:net'
import { startFaultyProxy, type FaultyProxy } from './faulty-proxy.ts'
import { startKafka, type KafkaServer } from './kafka-server.ts'
import { findFreePort } from './server-process.ts'

const NODES = 3
/** Three JVMs share two cores with everything else. */
const HEAP_MB = 256
/** Kafka's number for the question who leads the quorum of controllers. */
const DESCRIBE_QUORUM = 55

/** Who logs in at the doors. Nobody else has to, and everybody else may do everything. */
export const CLUSTER_LOGIN = { username: 'inlet', password: 'made-up-password' } as const

/** Three real Kafka nodes, each broker and controller, that keep three copies of everything. */
export interface KafkaCluster extends AsyncDisposable {
  readonly nodes: readonly KafkaServer[]
  /** Straight to the brokers. */
  readonly brokers: string
  /** Through a proxy each, with `CLUSTER_LOGIN`: for whoever is under test. */
  readonly doors: string
  readonly proxies: readonly FaultyProxy[]
  /** The index of the node that leads the controllers. */
  activeController(): Promise<number>
}

/**
 * Starts the cluster. Two of three copies make a write; a broker that is gone is noticed after 3 s;
 * leaders go back to where they belong within a second.
 */
export async function startKafkaCluster(): Promise<KafkaCluster> {
  const ports = Array.from({ length: NODES }, (_, index) => ({
    id: index + 1,
    direct: findFreePort(),
    controller: findFreePort(),
    behind: findFreePort(),
    door: findFreePort(),
  }))
  const voters = ports.map(({ id, controller }) => `${id}@127.0.0.1:${controller}`).join(',')
  await using opened = new AsyncDisposableStack()
  const proxies: FaultyProxy[] = []
  for (const { door, behind } of ports) {
    const target = { host: '127.0.0.1', port: behind }
    proxies.push(opened.use(await startFaultyProxy({ port: door, target })))
  }
  const starts = ports.map((own) => startNode(own, voters).then((node) => opened.use(node)))
  const nodes: KafkaServer[] = []
  // All of them settle before we leave, so that none starts after the others were stopped.
  for (const start of await Promise.allSettled(starts)) {
    if (start.status === 'rejected') throw start.reason
    nodes.push(start.value)
  }
  const resources = opened.move()
  return {
    nodes,
    brokers: nodes.map(({ brokers }) => brokers).join(','),
    doors: ports.map(({ door }) => `127.0.0.1:${door}`).join(','),
    proxies,
    async activeController() {
      const running = nodes.findIndex(({ pid }) => pid !== undefined)
      return (await askForController(ports[running]?.direct ?? 0)) - 1
    },
    async [Symbol.asyncDispose]() {
      // Brokers that stop in order wait for a controller, and the last of them has none.
      await Promise.all(nodes.map((node) => node.kill()))
      await resources.disposeAsync()
    },
  }
}

interface NodePorts {
  readonly id: number
  readonly direct: number
  readonly controller: number
  readonly behind: number
  readonly door: number
}

function startNode(own: NodePorts, voters: string): Promise<KafkaServer> {
  const { username, password } = CLUSTER_LOGIN
  return startKafka({
    port: own.direct,
    nodeId: own.id,
    heapMb: HEAP_MB,
    listeners: {
      CONTROLLER: `//127.0.0.1:${own.controller}`,
      DOOR: `//127.0.0.1:${own.behind}`,
    },
    config: {
      'controller.quorum.voters': voters,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${own.direct},DOOR://127.0.0.1:${own.door}`,
      'listener.security.protocol.map':
        'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,DOOR:SASL_PLAINTEXT',
      'listener.name.door.sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.door.plain.sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required ' +
        `user_${username}="${password}";`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'true',
      'super.users': 'User:ANONYMOUS',
      'default.replication.factor': String(NODES),
      'min.insync.replicas': '2',
      'offsets.topic.replication.factor': String(NODES),
      'transaction.state.log.replication.factor': String(NODES),
      'transaction.state.log.min.isr': '2',
      'unclean.leader.election.enable': 'false',
      'leader.imbalance.check.interval.seconds': '1',
      'leader.imbalance.per.broker.percentage': '0',
    },
  })
}

const METADATA_TOPIC = '__cluster_metadata'
/** In the answer: size, correlation id, tags, error, lengths, the topic, index and its error. */
const LEADER_AT = 4 + 4 + 1 + 2 + 2 + METADATA_TOPIC.length + 1 + 4 + 2

/** The node id of the active controller, which kafkajs cannot ask for: a KRaft broker names any. */
async function askForController(port: number): Promise<number> {
  const body = Buffer.concat([
    Buffer.from([0, DESCRIBE_QUORUM, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0]),
    Buffer.from([2, METADATA_TOPIC.length + 1, ...Buffer.from(METADATA_TOPIC)]),
    Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]),
  ])
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  const socket = connect(port, '127.0.0.1')
  try {
    socket.write(Buffer.concat([size, body]))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return answer.readInt32BE(LEADER_AT)
  } finally {
    socket.destroy()
  }
}
