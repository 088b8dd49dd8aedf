/**
 * Two nodes that share their sources through a Redis which is away, frozen, forgetful, loading, or
 * loses replies. Redis is a hint: nothing is lost, nothing waits for it, and an event that one node
 * has never stored is never called a duplicate. The control takes Redis for the truth: it must eat
 * an event.
 */
import { connect } from 'node:net'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { startRedis, type RedisServer } from '../support/redis-server.ts'
import { openTcpGate, type TcpGate } from '../support/tcp-gate.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic, type StoredRecord } from '../support/topics.ts'
import { audit, type SentEvent } from './ledger.ts'
import { seeded } from './seeded.ts'
import { deliver, startSenders } from './senders.ts'
import type { Row, TortureOptions } from './torture.ts'

const SECRET = 'made-up-secret-for-torture'
const KEYS = 12
/** How many deliveries come a second time, at the other node. */
const REDELIVERED_SHARE = 0.3
const DRAIN_MS_MAX = 60_000
const FULL_ROUNDS = 15
/** The promise is that intake does not wait for Redis: 150 ms a call, and not on every one. */
const P99_MS_MAX = 1_000
/** 20,000 keys of these take Redis 2 s to load. */
const FILL_KEYS = 20_000
const KEY_LOAD_DELAY_US = 100
const CONTROL = [process.execPath, join(import.meta.dir, 'control/redis-as-truth.ts')]

interface Scene {
  readonly redis: RedisServer
  /** What the nodes take for Redis. */
  readonly gate: TcpGate
}

const sleep = (ms: number) => systemClock.sleep(ms)

const FAULTS: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  async down({ redis }) {
    await redis.kill()
    await sleep(2_000)
    await redis.restart()
  },
  async frozen({ redis }) {
    redis.pause()
    await sleep(5_000)
    redis.resume()
  },
  replies: loseReplies,
  async flushed({ redis }) {
    for (let turn = 0; turn < 5; turn += 1) {
      await command(redis, 'FLUSHALL')
      await sleep(100)
    }
  },
  async loading({ redis }) {
    const fill = `for i = 1, ${FILL_KEYS} do redis.call('SET', 'fill:' .. i, 'x') end`
    await command(redis, `EVAL "${fill}" 0`)
    await command(redis, 'SAVE')
    await redis.kill()
    await redis.restart()
    await command(redis, 'FLUSHALL')
    await command(redis, 'SAVE')
  },
  async older({ redis }) {
    await command(redis, 'SAVE')
    await sleep(1_500)
    await redis.kill()
    await redis.restart()
  },
}

export async function redis(options: TortureOptions): Promise<Row> {
  const rounds = options.cycles ?? (options.form === 'full' ? FULL_ROUNDS : 1)
  const faults = Object.values(FAULTS)
  const cases = Array.from({ length: rounds }, () => faults).flat()
  const result = await run({ ...options, cases })
  const control = await run({ ...options, command: CONTROL, cases: [loseReplies] })
  const { acked, lost, duplicates, inversions, p99Ms } = result
  const isInOrder = acked > 0 && result.redelivered > 0 && lost === 0 && inversions === 0
  return {
    cases: cases.length,
    acked,
    lost,
    duplicates,
    inversions,
    held: isInOrder && duplicates <= result.redelivered && p99Ms < P99_MS_MAX,
    controlCaught: control.lost > 0,
    figures: { 'deliveries to both nodes': result.redelivered, 'p99 ms': Math.round(p99Ms) },
  }
}

/** Swallows replies, and ends their connections, for 2 s. */
async function loseReplies({ gate }: Scene): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) {
    gate.loseNextReply()
    await sleep(50)
  }
}

interface Run extends TortureOptions {
  readonly cases: readonly ((scene: Scene) => Promise<void>)[]
}

/** Both nodes under load while the faults come one after the other. */
async function run(options: Run) {
  const brokers = await options.brokers()
  const random = seeded(options.seed)
  await using server = await startRedis([`--key-load-delay`, String(KEY_LOAD_DELAY_US)])
  const port = Number(new URL(server.url).port)
  await using gate = await openTcpGate({ host: '127.0.0.1', port })
  await using directory = await makeTempDir()
  const topics: string[] = []
  async function startNode(name: string): Promise<GatewayProcess> {
    const topic = await createTopic({ brokers, prefix: `torture-redis-${name}` })
    topics.push(topic)
    return await startGateway({
      command: options.command,
      cwd: directory.path,
      env: {
        KAFKA_BROKERS: brokers,
        REDIS_URL: `redis://127.0.0.1:${gate.port}`,
        INLET_NODE: name,
        INLET_DATA_DIR: name,
        INLET_SOURCES: 'github',
        INLET_SECRET_GITHUB: SECRET,
        INLET_TOPIC_GITHUB: topic,
        INLET_LOG_DELIVERIES: 'false',
      },
    })
  }
  await using one = await startNode('one')
  await using two = await startNode('two')
  const again: Promise<unknown>[] = []
  const takenMs: number[] = []
  async function timed(event: SentEvent, url: string): Promise<void> {
    const startedMs = systemClock.monotonicMs()
    await deliver(event, { url: () => url, secret: SECRET })
    takenMs.push(systemClock.monotonicMs() - startedMs)
  }
  const senders = startSenders({
    url: () => one.url,
    secret: SECRET,
    keys: KEYS,
    onAcked(event) {
      if (random() < REDELIVERED_SHARE) again.push(timed(event, two.url))
    },
  })
  for (const fault of options.cases) {
    await fault({ redis: server, gate })
    await sleep(500)
  }
  await senders.stop()
  await Promise.all(again)
  for (const node of [one, two]) await node.drained(DRAIN_MS_MAX)
  const records: StoredRecord[] = []
  for (const topic of topics) records.push(...(await readTopic(brokers, topic)))
  await deleteTopics(brokers, topics)
  return {
    ...audit(senders.ledger, records),
    redelivered: again.length,
    p99Ms: takenMs.toSorted((a, b) => a - b)[Math.floor(takenMs.length * 0.99)] ?? 0,
  }
}

/** Runs one command, written as at a terminal. */
function command({ url }: RedisServer, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () =>
      socket.write(`${line}\r\n`),
    )
    socket.once('data', (reply) => {
      socket.destroy()
      if (reply.toString().startsWith('-')) reject(new Error(`${line}: ${reply.toString()}`))
      else resolve()
    })
    socket.once('error', reject)
  })
}
