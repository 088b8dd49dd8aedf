import type { SentEvent } from '../ledger.ts'
import {
  bounce,
  denyWrites,
  leaderOf,
  makeTopic,
  moveLeaders,
  setMinInSync,
  setVerdicts,
  type World,
} from './world.ts'

/** What goes wrong with a cluster while a gateway publishes to it. */
export interface Schedule {
  /** Part of the short form. */
  readonly inShort?: boolean
  /** The second topic does not exist at the start. */
  readonly lacksSecondTopic?: boolean
  /** Makes an event's data this much longer. */
  readonly padBytes?: (event: SentEvent) => number
  /** Events a second; default: as many as keep all parts of it busy on two cores. */
  readonly perSecond?: number
  /** Makes the faults, and resolves once all of them are over. */
  run(world: World): Promise<void>
}

/** Above Kafka's own limit for a record batch, below the gateway's for a request. */
const OVERSIZE_BYTES = 1_200_000
/** 24 of the first 60,000 events of 60 keys; each is refused, and its key goes on. */
const isOversize = ({ key, n }: SentEvent) => Number(key) % 10 === 3 && n % 250 === 100

export const SCHEDULES = {
  'a leader is killed': {
    async run(world) {
      for (let round = 0; round < world.times({ full: 4, short: 1 }); round += 1) {
        await world.wait({ full: 3_000, short: 1_000 })
        await bounce(world, await leaderOf(world), { full: 5_000, short: 2_000 })
      }
    },
  },
  'the controller is killed': {
    async run(world) {
      for (let round = 0; round < world.times({ full: 4, short: 1 }); round += 1) {
        await world.wait({ full: 3_000, short: 1_000 })
        await bounce(world, await world.cluster.activeController(), { full: 5_000, short: 2_000 })
      }
    },
  },
  'brokers restart one after the other': {
    async run(world) {
      for (const node of world.cluster.nodes) {
        await world.wait({ full: 4_000, short: 500 })
        await node.restart()
      }
    },
  },
  'leaders move': {
    async run(world) {
      for (let turn = 1; turn <= world.times({ full: 20, short: 4 }); turn += 1) {
        await moveLeaders(world, turn)
        await world.wait({ full: 1_500, short: 1_500 })
      }
    },
  },
  'a leader is frozen': {
    async run(world) {
      const node = world.cluster.nodes[await leaderOf(world)]
      node?.pause()
      await world.wait({ full: 60_000, short: 5_000 })
      node?.resume()
      await world.wait({ full: 5_000, short: 1_000 })
    },
  },
  'the cluster is frozen': {
    async run(world) {
      await world.wait({ full: 3_000, short: 1_000 })
      for (const node of world.cluster.nodes) node.pause()
      await world.wait({ full: 60_000, short: 5_000 })
      for (const node of world.cluster.nodes) node.resume()
      await world.wait({ full: 5_000, short: 1_000 })
    },
  },
  'the cluster is down': {
    inShort: true,
    // Ten minutes of it are to fit on a disk, and into the minutes after them.
    perSecond: 800,
    async run(world) {
      await world.wait({ full: 5_000, short: 1_000 })
      await Promise.all(world.cluster.nodes.map((node) => node.kill()))
      await world.wait({ full: 600_000, short: 10_000 })
      await Promise.all(world.cluster.nodes.map((node) => node.restart()))
    },
  },
  'too few replicas are in sync': {
    async run(world) {
      await setMinInSync(world, 3)
      await bounce(world, await leaderOf(world), { full: 30_000, short: 5_000 })
      await setMinInSync(world, 2)
    },
  },
  'a topic is forbidden for a while': {
    async run(world) {
      for (let round = 0; round < world.times({ full: 2, short: 1 }); round += 1) {
        await world.wait({ full: 3_000, short: 500 })
        const allow = await denyWrites(world)
        await world.wait({ full: 10_000, short: 3_000 })
        await allow()
      }
    },
  },
  'a topic is made late': {
    lacksSecondTopic: true,
    async run(world) {
      await world.wait({ full: 20_000, short: 3_000 })
      await makeTopic(world.cluster, world.topics[1])
    },
  },
  'records are too large': {
    padBytes: (event) => (isOversize(event) ? OVERSIZE_BYTES : 0),
    async run(world) {
      await world.wait({ full: 25_000, short: 5_000 })
    },
  },
  'answers are swallowed': {
    async run(world) {
      for (let round = 0; round < world.times({ full: 4, short: 1 }); round += 1) {
        await world.wait({ full: 2_000, short: 1_000 })
        // One request or answer is lost, and the connection stays open: only time tells.
        const lost = round % 2 === 0 ? 'answer' : 'request'
        let left = 1
        setVerdicts(world, { [lost]: () => (left-- > 0 ? 'swallow' : 'pass') })
        await world.wait({ full: 20_000, short: 17_000 })
      }
      setVerdicts(world, {})
    },
  },
  'answers are late': {
    async run(world) {
      // Up to 2 s now and then; later, longer than the gateway waits: they meet the next send.
      const slow = () => ({ delayMs: Math.round(2_000 * world.random()) })
      setVerdicts(world, { answer: () => (world.random() < 0.1 ? slow() : 'pass') })
      await world.wait({ full: 15_000, short: 3_000 })
      for (let round = 0; round < world.times({ full: 2, short: 0 }); round += 1) {
        let left = 1
        setVerdicts(world, { answer: () => (left-- > 0 ? { delayMs: 22_000 } : 'pass') })
        await world.wait({ full: 24_000, short: 0 })
      }
      setVerdicts(world, {})
    },
  },
  'connections are cut inside a frame': {
    inShort: true,
    async run(world) {
      const roll = (share: number) => {
        const value = world.random()
        return value < share / 2 ? 'cut' : value < share ? 'cut inside' : 'pass'
      }
      setVerdicts(world, { request: () => roll(0.03), answer: () => roll(0.05) })
      await world.wait({ full: 25_000, short: 6_000 })
      setVerdicts(world, {})
    },
  },
} as const satisfies Readonly<Record<string, Schedule>>
