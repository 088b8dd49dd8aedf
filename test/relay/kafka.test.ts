import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test'
import { Kafka, logLevel } from 'kafkajs'
import { systemClock } from '../../src/clock.ts'
import { randomToken } from '../../src/ids.ts'
import { openKafkaPublisher, type KafkaPublisher } from '../../src/kafka/producer.ts'
import { silentLog } from '../../src/log.ts'
import { runRelay } from '../../src/relay/relay.ts'
import { openSynced } from '../../src/relay/synced.ts'
import { startKafka, type KafkaServer } from '../support/kafka-server.ts'
import { findFreePort } from '../support/server-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { createTopic, createTopicNamed, deleteTopics, readTopic } from '../support/topics.ts'
import { startFaultyProxy, type FaultyProxy, type Verdict } from '../support/faulty-proxy.ts'
import { readLedger } from './ledger.ts'
import { randomOf } from './random.ts'
import { World } from './world.ts'

interface RunOptions {
  readonly brokers: string
  readonly batchEntriesMax?: number
  readonly deadlineMs?: number
  /** After each mark; the relay runs on meanwhile. */
  readonly onMark?: (position: number) => void
}

function openPublisher(brokers: string, deadlineMs = 5_000): KafkaPublisher {
  return openKafkaPublisher({
    brokers: [brokers],
    clientId: 'inlet-test',
    compression: 'none',
    clock: systemClock,
    log: silentLog,
    deadlineMs,
  })
}

/**
 * Relays the world's outbox to a real Kafka until everything is settled; the world's own Kafka
 * stays unused.
 */
async function relayAll(world: World, options: RunOptions): Promise<void> {
  const { brokers, onMark, deadlineMs, batchEntriesMax } = options
  const stop = new AbortController()
  const ports = world.ports()
  const publisher = openPublisher(brokers, deadlineMs)
  try {
    await runRelay(
      {
        ...ports,
        publisher,
        clock: systemClock,
        synced: openSynced(world.entries.length, systemClock),
        async mark(mark) {
          await ports.mark(mark)
          onMark?.(world.position)
          if (world.idle) stop.abort()
        },
      },
      { poisonPolicy: 'continue', ...(batchEntriesMax === undefined ? {} : { batchEntriesMax }) },
      stop.signal,
    )
  } finally {
    await publisher.close()
  }
}

/** Copies what is on the topic into the world, so that its ledger can be read. */
async function readBack(world: World, brokers: string, topic: string): Promise<void> {
  for (const { partition, headers } of await readTopic(brokers, topic)) {
    const name = `${topic}/${partition}`
    world.logs.set(name, [...(world.logs.get(name) ?? []), Number(headers['inlet-seq'])])
  }
}

describeWithKafka('the relay with a real Kafka', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  test('blocks exactly the one record in a thousand that is too large, and delivers the rest', async () => {
    const topic = await createTopic({ brokers, config: { 'max.message.bytes': '100000' } })
    topics.push(topic)
    const world = new World()
    for (let i = 1; i <= 1000; i += 1) {
      world.add(topic, `k${i % 50}`, i === 700 ? 100_000 : undefined)
    }
    await relayAll(world, { brokers })
    await readBack(world, brokers, topic)

    expect(world.withStatus('blocked')).toEqual([700])
    const { lost, inversions, duplicates } = readLedger(world)
    expect({ lost, inversions }).toEqual({ lost: 0, inversions: 0 })
    expect(duplicates).toBeLessThanOrEqual(500)
  })

  test('a topic that is missing waits, and drains in order once it is created', async () => {
    const present = await createTopic({ brokers })
    const late = `late-${randomToken()}`
    topics.push(present, late)
    const world = new World()
    for (let i = 0; i < 60; i += 1) world.add(i % 3 === 0 ? late : present, `k${i % 6}`)
    let creating: Promise<void> | undefined
    let deliveredBefore = 0
    await relayAll(world, {
      brokers,
      batchEntriesMax: 20,
      onMark(position) {
        if (position < 60 || creating !== undefined) return
        deliveredBefore = world.position - world.withStatus('retry').length
        creating = createTopicNamed(late, { brokers })
      },
    })
    await creating
    await readBack(world, brokers, present)
    await readBack(world, brokers, late)

    expect(deliveredBefore).toBe(40)
    expect(readLedger(world)).toMatchObject({ lost: 0, inversions: 0, duplicates: 0 })
  })
})

describeWithKafka('the relay with a Kafka that fails', () => {
  let kafka: KafkaServer
  let proxy: FaultyProxy
  /** Through the proxy: the address that the broker itself names. */
  let brokers: string

  beforeAll(async () => {
    const [port, target] = [findFreePort(), findFreePort()]
    brokers = `127.0.0.1:${port}`
    proxy = await startFaultyProxy({ port, target: { host: '127.0.0.1', port: target } })
    const config = { 'advertised.listeners': `PLAINTEXT://${brokers}` }
    kafka = await startKafka({ port: target, config })
  }, 60_000)
  afterAll(async () => {
    await kafka.stop()
    await proxy[Symbol.asyncDispose]()
  })

  afterEach(() => {
    proxy.onRequest = () => 'pass'
    proxy.onAnswer = () => 'pass'
  })

  function makeWorld(topic: string, entries: number): World {
    const world = new World()
    for (let i = 0; i < entries; i += 1) world.add(topic, `k${i % 50}`)
    return world
  }

  test('loses and reorders nothing while the broker is frozen, then killed and started again', async () => {
    const topic = await createTopic({ brokers })
    const world = makeWorld(topic, 2000)
    const restarts: Promise<void>[] = []
    await relayAll(world, {
      brokers,
      batchEntriesMax: 100,
      deadlineMs: 1_000,
      onMark(position) {
        if (position === 500) {
          kafka.pause()
          // Long enough for two sends to run into their deadline.
          restarts.push(systemClock.sleep(2_200).then(() => kafka.resume()))
        }
        if (position === 1200) restarts.push(kafka.kill().then(() => kafka.restart()))
      },
    })
    await Promise.all(restarts)
    await readBack(world, brokers, topic)

    expect(restarts).toHaveLength(2)
    expect(world.exceptions.size).toBe(0)
    const { lost, inversions, duplicates } = readLedger(world)
    expect({ lost, inversions }).toEqual({ lost: 0, inversions: 0 })
    expect(faultsOf(world)).toBeGreaterThan(1)
    expect(duplicates).toBeLessThanOrEqual(100 * faultsOf(world))
  }, 60_000)

  test('loses and reorders nothing while requests and answers get lost on the way', async () => {
    const topic = await createTopic({ brokers })
    const world = makeWorld(topic, 1000)
    const random = randomOf(7)
    const lose = (share: number): Verdict => {
      const roll = random()
      return roll < share ? 'cut' : roll < share + 0.02 ? 'swallow' : 'pass'
    }
    proxy.onRequest = () => lose(0.08)
    proxy.onAnswer = () => lose(0.15)
    await relayAll(world, { brokers, batchEntriesMax: 20, deadlineMs: 600 })
    await readBack(world, brokers, topic)

    const { lost, inversions, duplicates } = readLedger(world)
    expect({ lost, inversions }).toEqual({ lost: 0, inversions: 0 })
    expect(faultsOf(world)).toBeGreaterThan(1)
    expect(duplicates).toBeLessThanOrEqual(20 * faultsOf(world))
  }, 60_000)

  test('the broker never takes a send for the repetition of one that failed before', async () => {
    const topic = await createTopic({ brokers, partitions: 1 })
    const publisher = openPublisher(brokers)
    const send = (key: string) =>
      publisher.publish([{ topic, key, value: Buffer.from('v'), headers: {} }])
    proxy.onAnswer = () => 'cut'
    await expect(send('a')).rejects.toThrow('BROKER_UNAVAILABLE')
    proxy.onAnswer = () => 'pass'
    await send('b')
    await publisher.close()
    expect((await readTopic(brokers, topic)).map(({ key }) => key)).toEqual(['a', 'b'])
  })

  test('control: kafkajs without the guards acknowledges a record that never reaches the topic', async () => {
    const topic = await createTopic({ brokers, partitions: 1 })
    const naive = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).producer({
      idempotent: true,
    })
    await naive.connect()
    const answers: Verdict[] = ['cut']
    proxy.onAnswer = () => answers.shift() ?? 'pass'
    const keys = Array.from({ length: 10 }, (_, i) => String(i))
    await Promise.all(keys.map((key) => naive.send({ topic, messages: [{ key, value: 'v' }] })))
    await naive.disconnect()

    const stored = new Set((await readTopic(brokers, topic)).map(({ key }) => key))
    expect(stored.size).toBeLessThan(keys.length)
  }, 60_000)
})

/** Sends whose outcome was unknown, or that failed: the relay reports each of them. */
function faultsOf(world: World): number {
  return world.reports.filter(({ state }) => state === 'down').length
}
