/**
 * From the edge to the real Kafka: by kafkajs in workerd, by a REST proxy, and through a core node.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { randomSecret, randomToken } from '../../src/ids.ts'
import { deliver } from '../conformance/http-requests.ts'
import { HANDLERS_DIRECTORY, HTTP_ENV, signed } from '../conformance/http-setup.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { startRestProxy, type RestProxy } from '../support/rest-proxy.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { createTopic, createTopicNamed, deleteTopics, readTopic } from '../support/topics.ts'
import { startWorker, type TestWorker } from '../support/worker.ts'

setDefaultTimeout(60_000)
const CORE = [process.execPath, join(import.meta.dir, '../../src/main.ts')]
const FORWARD_SECRET = `whsec_${randomSecret()}`
const EVENTS = 60

describeWithKafka('from the edge to Kafka', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  /** A Worker whose deliveries of github go to a topic of its own. */
  async function startEdge(sink: Readonly<Record<string, string>>) {
    const topic = await createTopic({ brokers, prefix: 'edge' })
    topics.push(topic)
    const env = { ...HTTP_ENV, ...sink, INLET_TOPIC_GITHUB: topic }
    const worker = await startWorker({ handlersDirectory: HANDLERS_DIRECTORY, env })
    return { worker, topic }
  }

  /** Sends what one repository does, one after the other, and two bodies that JSON would change. */
  async function send(worker: TestWorker) {
    const bodies = Array.from({ length: EVENTS }, (_, at) => {
      const data = { n: at, repository: { full_name: `r/${at % 5}` }, big: '12345678901234567890' }
      return JSON.stringify(data).replace('"12345678901234567890"', '12345678901234567890')
    })
    for (const body of bodies) {
      const eventId = randomToken()
      const { status } = await deliver(worker, 'github', signed('github', { body, eventId }))
      expect(status).toBe(202)
    }
    return bodies
  }

  /** Rings until as many are on the topic: another pass may be under way. */
  async function arrived(worker: TestWorker, topic: string, count: number) {
    for (;;) {
      await worker.schedule()
      const records = await readTopic(brokers, topic)
      if (records.length >= count) return records
    }
  }

  /** All of them once, byte for byte, and those of a repository in their order. */
  async function expectAll(worker: TestWorker, topic: string) {
    const bodies = await send(worker)
    const records = await arrived(worker, topic, EVENTS)
    const values = records.map(({ value }) => value.toString())
    expect(values.toSorted()).toEqual(bodies.toSorted())
    for (const [key, own] of Map.groupBy(records, (record) => record.key)) {
      const order = own.map(({ value }) => Number(/"n":(\d+)/.exec(value.toString())?.[1]))
      expect([key, order]).toEqual([key, order.toSorted((a, b) => a - b)])
    }
    expect(records[0]?.headers).toMatchObject({ ce_source: 'github', ce_specversion: '1.0' })
  }

  describe('by kafkajs in workerd', () => {
    let edge: Awaited<ReturnType<typeof startEdge>>
    beforeAll(async () => {
      edge = await startEdge({ INLET_SINK: 'kafka', KAFKA_BROKERS: brokers })
    })
    afterAll(() => edge.worker[Symbol.asyncDispose]())

    test('all arrives, in order', () => expectAll(edge.worker, edge.topic))

    test('a topic that is not there holds up itself alone', async () => {
      const { worker, topic } = edge
      const missing = 'webhooks.shopify'
      const before = (await readTopic(brokers, topic)).length
      await deliver(worker, 'shopify', signed('shopify', { eventId: randomToken() }))
      await deliver(worker, 'github', signed('github', { eventId: randomToken() }))
      await arrived(worker, topic, before + 1)
      await worker.logged('"code":"TOPIC_REJECTED"')
      topics.push(missing)
      await createTopicNamed(missing, { brokers })
      expect(await arrived(worker, missing, 1)).toHaveLength(1)
    })
  })

  describe('by a REST proxy', () => {
    let rest: RestProxy
    let edge: Awaited<ReturnType<typeof startEdge>>
    beforeAll(async () => {
      rest = await startRestProxy(brokers)
      edge = await startEdge({
        INLET_SINK: 'kafka-rest',
        KAFKA_REST_URL: rest.url,
        KAFKA_REST_USERNAME: 'key',
        KAFKA_REST_PASSWORD: 'secret',
      })
    })
    afterAll(async () => {
      await edge.worker[Symbol.asyncDispose]()
      await rest[Symbol.asyncDispose]()
    })

    test('all arrives, in order, and is logged in for', async () => {
      await expectAll(edge.worker, edge.topic)
      expect(rest.authorization).toBe(`Basic ${btoa('key:secret')}`)
    })

    test('a proxy that is away is waited for', async () => {
      const { worker, topic } = edge
      const before = (await readTopic(brokers, topic)).length
      rest.answer = () => new Response(null, { status: 503 })
      await deliver(worker, 'github', signed('github', { eventId: randomToken() }))
      await worker.schedule()
      expect(await readTopic(brokers, topic)).toHaveLength(before)
      rest.answer = undefined
      expect(await arrived(worker, topic, before + 1)).toHaveLength(before + 1)
    })
  })

  describe('through a core node', () => {
    let directory: TempDir
    let core: GatewayProcess
    let edge: Awaited<ReturnType<typeof startEdge>>
    beforeAll(async () => {
      directory = await makeTempDir()
      core = await startGateway({
        command: CORE,
        cwd: directory.path,
        env: {
          KAFKA_BROKERS: brokers,
          INLET_FORWARD_SECRET: FORWARD_SECRET,
        },
      })
      edge = await startEdge({
        INLET_SINK: 'forward',
        INLET_FORWARD_URL: core.url,
        INLET_FORWARD_SECRET: FORWARD_SECRET,
      })
    })
    afterAll(async () => {
      await edge.worker[Symbol.asyncDispose]()
      await core.end('SIGKILL')
      await directory[Symbol.asyncDispose]()
    })

    test('all arrives, in order', () => expectAll(edge.worker, edge.topic))
  })
})
