/** Consumers against the real Kafka: groups that rebalance, poison, slow handlers, and restarts. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { randomToken } from '../../src/ids.ts'
import { onRecord, z } from '../../src/gateway.ts'
import { silentLog } from '../../src/log.ts'
import { startKafka } from '../support/kafka-server.ts'
import { findFreePort } from '../support/server-process.ts'
import { openTcpGate } from '../support/tcp-gate.ts'
import { describeWithKafka } from '../support/servers.ts'
import { createTopic, deleteTopics } from '../support/topics.ts'
import { openDbWorld } from '../db/world.ts'
import { openNode, produce, until, type ConsumerNode } from './node.ts'

setDefaultTimeout(90_000)
const KEYS = 50
const RECORDS = 4_000

const Counted = z.object({ n: z.int(), key: z.string() })

function counted(from: number, to: number) {
  return Array.from({ length: to - from }, (_, index) => {
    const n = from + index
    const key = `key-${n % KEYS}`
    return { key, value: { n, key } }
  })
}

/** Every record that a handler was given, in order, and what it says about it. */
function openLedger() {
  const seen: { readonly n: number; readonly key: string; readonly node: string }[] = []
  return {
    seen,
    /** Different records. */
    distinct: () => new Set(seen.map(({ n }) => n)).size,
    /** First appearances of a key's records that come before an earlier one of it. */
    inversions(): number {
      const last = new Map<string, number>()
      const known = new Set<number>()
      let inversions = 0
      for (const { n, key } of seen) {
        if (known.has(n)) continue
        known.add(n)
        if (n < (last.get(key) ?? -1)) inversions += 1
        last.set(key, Math.max(n, last.get(key) ?? -1))
      }
      return inversions
    },
    handlerOf: (node: string, work: () => Promise<void> | void = () => undefined) =>
      onRecord(Counted, async ({ data }) => {
        seen.push({ ...data, node })
        await work()
        return null
      }),
  }
}

describeWithKafka('consumers in a group', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  async function newTopic(): Promise<string> {
    const topic = await createTopic({ brokers, prefix: 'group' })
    topics.push(topic)
    return topic
  }

  test('nodes come and go under load: nothing is left out, and keys keep their order', async () => {
    const topic = await newTopic()
    const ledger = openLedger()
    const group = `group-${randomToken()}`
    const of = (node: string) => ({
      topics: [topic],
      group,
      events: { '*': ledger.handlerOf(node) },
    })
    await produce(brokers, topic, counted(0, 1_000))
    await using first = await openNode(brokers, of('first'))
    await until('the first has begun', () => ledger.seen.length > 0)
    await using second = await openNode(brokers, of('second'))
    await produce(brokers, topic, counted(1_000, 2_000))
    await until('both have partitions', () =>
      [first, second].every(({ consumer }) => consumer.status().partitions.length === 3),
    )
    await produce(brokers, topic, counted(2_000, 3_000))
    await until('the second works', () => ledger.seen.some(({ node }) => node === 'second'))
    await first.stop()
    await produce(brokers, topic, counted(3_000, RECORDS))
    await until('every record was handled', () => ledger.distinct() === RECORDS)

    expect(ledger.inversions()).toBe(0)
    await until('nothing is left', () =>
      second.consumer.status().partitions.every(({ lag }) => lag === 0),
    )
    expect(second.consumer.status()).toMatchObject({ state: 'running', reason: null })
  })

  test('poison and slow keys hold up nothing but themselves', async () => {
    const topic = await newTopic()
    const done: number[] = []
    const slow = Promise.withResolvers<void>()
    const mixed = onRecord(Counted, async ({ data }) => {
      if (data.key === 'key-1') throw new Error('poison')
      if (data.key === 'key-2') await slow.promise
      done.push(data.n)
      return null
    })
    await using node = await openNode(brokers, {
      topics: [topic],
      group: `group-${randomToken()}`,
      events: { '*': mixed },
      retry: { triesMax: 2, baseMs: 10 },
    })
    await produce(brokers, topic, counted(0, 1_000))
    const slowOnes = 1_000 / KEYS
    await until('all but those of two keys are done', () => done.length === 1_000 - 2 * slowOnes)
    await until('the poison is given up', () => node.consumer.status().tally.dead === slowOnes)
    await until('one partition is held up, by its slow key', () => {
      const held = node.consumer.status().partitions.filter(({ lag }) => lag > 0)
      return held.length === 1
    })
    slow.resolve()
    await until('everything is processed', () =>
      node.consumer.status().partitions.every(({ lag }) => lag === 0),
    )
    const { client } = node.db.database
    const dead = client.query(`SELECT count(*) FROM outbox WHERE topic = '${topic}.dead'`)
    expect(dead.values()).toEqual([[slowOnes]])
    expect(node.consumer.status().tally).toMatchObject({ retries: slowOnes })
  })

  test('a file that is opened again goes on behind its last record', async () => {
    const topic = await newTopic()
    const ledger = openLedger()
    const definition = {
      topics: [topic],
      group: `group-${randomToken()}`,
      events: { '*': ledger.handlerOf('only') },
    }
    await produce(brokers, topic, counted(0, 500))
    await using db = await openDbWorld()
    {
      await using node = await openNode(brokers, definition, { db })
      await until('some are handled', () => ledger.seen.length > 100)
      await node.stop()
    }
    const before = ledger.seen.length
    await produce(brokers, topic, counted(500, 1_000))
    await using again = await openNode(brokers, definition, { db })
    await until('all are handled', () => ledger.distinct() === 1_000)
    expect(again.consumer.status().tally.duplicates).toBe(0)
    expect(before).toBeLessThanOrEqual(500)
    expect(ledger.seen).toHaveLength(1_000)
    expect(ledger.inversions()).toBe(0)
  })

  test('nodes that declare their partitions keep them, and a third one waits for its turn', async () => {
    const topic = await newTopic()
    const ledger = openLedger()
    const group = `group-${randomToken()}`
    const of = (node: string) => ({
      topics: [topic],
      group,
      events: { '*': ledger.handlerOf(node) },
    })
    const partitionsOf = ({ consumer }: ConsumerNode) =>
      consumer.status().partitions.map(({ partition }) => partition)
    {
      await using odd = await openNode(brokers, of('odd'), { share: { index: 1, of: 2 } })
      await using even = await openNode(brokers, of('even'), { share: { index: 2, of: 2 } })
      await until('both have theirs', () =>
        [odd, even].every(({ consumer }) => consumer.status().state === 'running'),
      )
      expect(partitionsOf(odd)).toEqual([0, 2, 4])
      expect(partitionsOf(even)).toEqual([1, 3, 5])

      await using third = await openNode(brokers, of('third'), { share: { index: 2, of: 2 } })
      await until('it is refused', () => third.consumer.status().reason !== null)
      expect(third.consumer.status().reason).toStartWith('PARTITIONS_TAKEN')
      await produce(brokers, topic, counted(0, 500))
      await until('all are handled', () => ledger.distinct() === 500)
      expect(ledger.seen.filter(({ node }) => node === 'third')).toEqual([])
      await even.stop()
      await until('it takes over', () => partitionsOf(third).length === 3)
    }
    // With another number of nodes each goes on where whoever had its partitions ended.
    {
      await using all = await openNode(brokers, of('all'), { share: { index: 1, of: 1 } })
      await produce(brokers, topic, counted(500, 1_000))
      await until('the rest is handled', () => ledger.distinct() === 1_000)
      expect(ledger.seen).toHaveLength(1_000)
      expect(partitionsOf(all)).toHaveLength(6)
    }
    // Also where it is a number that there was before, which ended earlier.
    await using odd = await openNode(brokers, of('odd'), { share: { index: 1, of: 2 } })
    await using even = await openNode(brokers, of('even'), { share: { index: 2, of: 2 } })
    await produce(brokers, topic, counted(1_000, 1_200))
    await until('what has come since is handled', () => ledger.distinct() === 1_200)
    await Promise.all([odd.stop(), even.stop()])
    expect(ledger.seen).toHaveLength(1_200)
  })

  test('a node whose state would be elsewhere is refused before it disturbs who has it', async () => {
    const topic = await newTopic()
    const ledger = openLedger()
    const definition = (node: string) => ({
      topics: [topic],
      group: `group-${randomToken()}`,
      state: z.int(),
      events: { '*': ledger.handlerOf(node) },
    })
    const common = definition('first')
    await produce(brokers, topic, counted(0, 500))
    await using first = await openNode(brokers, common)
    await until('all are handled', () => ledger.distinct() === 500)
    await until('Kafka knows', () =>
      first.consumer.status().partitions.every(({ lag }) => lag === 0),
    )
    await first.consumer.seek({}, 'latest')
    const owned = first.consumer.status().partitions

    const refusals: unknown[] = []
    const log = { ...silentLog, error: (...said: unknown[]) => void refusals.push(said) }
    const other = { ...definition('second'), group: common.group }
    await using second = await openNode(brokers, other, { log })
    await until('it is refused', () => second.consumer.status().reason !== null)
    await until('again and again', () => second.consumer.status().tally.restarts > 3)
    await produce(brokers, topic, counted(500, RECORDS / 4))
    await until('the rest is handled', () => ledger.distinct() === RECORDS / 4)
    expect(second.consumer.status().reason).toStartWith('STATE_ELSEWHERE')
    expect(refusals).toHaveLength(1)
    expect(ledger.seen.filter(({ node }) => node === 'second')).toEqual([])
    // It has never joined: nothing was taken away and handled again.
    expect(ledger.seen).toHaveLength(RECORDS / 4)
    expect(first.consumer.status().tally).toMatchObject({ restarts: 0, duplicates: 0 })
    expect(first.consumer.status().partitions).toHaveLength(owned.length)
  })
})

/** A Kafka with a second address, through a gate. */
async function startGatedKafka() {
  const [port, behind] = [findFreePort(), findFreePort()]
  const gate = await openTcpGate({ host: '127.0.0.1', port: behind })
  const advertised = `PLAINTEXT://127.0.0.1:${port},GATE://127.0.0.1:${gate.port}`
  const kafka = await startKafka({
    port,
    listeners: { GATE: `//127.0.0.1:${behind}` },
    config: {
      'advertised.listeners': advertised,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,GATE:PLAINTEXT',
      // One that is killed may register again when its session has run out.
      'broker.session.timeout.ms': '1000',
      'broker.heartbeat.interval.ms': '200',
    },
  })
  return { kafka, gate, gated: `127.0.0.1:${gate.port}` }
}

describeWithKafka('consumers of a Kafka that fails', () => {
  let world: Awaited<ReturnType<typeof startGatedKafka>>
  beforeAll(async () => {
    world = await startGatedKafka()
  }, 60_000)
  afterAll(async () => {
    await world.kafka.stop()
    await world.gate[Symbol.asyncDispose]()
  })

  test('one that hears nothing any more is started anew, and nobody else', async () => {
    const { kafka, gate, gated } = world
    const topic = await createTopic({ brokers: kafka.brokers, prefix: 'group' })
    const [cut, whole] = [openLedger(), openLedger()]
    const quick = { sessionMs: 1_000, silentMs: 2_000 }
    const of = (name: string, ledger: typeof cut) => ({
      topics: [topic],
      group: `silent-${name}`,
      events: { '*': ledger.handlerOf(name) },
    })
    await using first = await openNode(gated, of('cut', cut), quick)
    await using second = await openNode(kafka.brokers, of('whole', whole), quick)
    await produce(kafka.brokers, topic, counted(0, 100))
    await until('both handle them', () => [cut, whole].every((each) => each.distinct() === 100))
    // A first try may have found the group without a coordinator.
    await until('both run', () =>
      [first, second].every(({ consumer }) => consumer.status().state === 'running'),
    )
    const { restarts } = second.consumer.status().tally
    // No reply comes any more, and no connection ends.
    gate.hold()
    await until('it is noticed', () => first.consumer.status().reason !== null)
    expect(first.consumer.status().reason).toStartWith('CONSUMER_SILENT')
    await produce(kafka.brokers, topic, counted(100, 200))
    await until('the other goes on', () => whole.distinct() === 200)
    gate.shut()
    gate.letGo()
    gate.open()
    await until('it is back', () => cut.distinct() === 200)
    expect(cut.seen).toHaveLength(200)
    expect(second.consumer.status().tally.restarts).toBe(restarts)
  })

  test('a broker that is killed and comes back is consumed from again, by a new life', async () => {
    const { kafka } = world
    const topic = await createTopic({ brokers: kafka.brokers, prefix: 'group' })
    const ledger = openLedger()
    const definition = {
      topics: [topic],
      group: 'restarted',
      events: { '*': ledger.handlerOf('only') },
    }
    await using node = await openNode(kafka.brokers, definition, { sessionMs: 1_000 })
    await produce(kafka.brokers, topic, counted(0, 500))
    await until('some are handled', () => ledger.seen.length > 0)
    await kafka.kill()
    await until('its end is noticed', () => node.consumer.status().reason !== null)
    await kafka.restart()
    await produce(kafka.brokers, topic, counted(500, 1_000))
    await until('all are handled', () => ledger.distinct() === 1_000)
    expect(ledger.seen).toHaveLength(1_000)
    expect(ledger.inversions()).toBe(0)
    expect(node.consumer.status().tally.restarts).toBeGreaterThan(0)
  })
})
