/**
 * The compiled binary, real payloads, the real Kafka: what comes in signed goes out byte for byte.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { builtCommand, startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic, type StoredRecord } from '../support/topics.ts'
import {
  githubExamples,
  SECRETS,
  standardEvent,
  stripeEvent,
  svixEvent,
} from './providers-at-work.ts'
import type { SignedDelivery } from './providers-at-work.ts'

setDefaultTimeout(60_000)
const DRAIN_MS_MAX = 30_000

/** What a team would put beside the binary. */
function stripeHandler(topic: string): string {
  return `
    import { defineSource, on, z } from 'inlet'
    const Charge = z.object({ data: z.object({ object: z.object({ amount: z.int() }) }) })
    const charges = { topic: '${topic}', key: 'charges' }
    export default defineSource('stripe', {
      provider: 'stripe',
      events: {
        'charge.succeeded': on(Charge, ({ data, id }) => [
          { ...charges, value: { amount: data.data.object.amount }, headers: { 'x-of': id } },
          charges,
        ]),
        'charge.failed': on(Charge, () => { throw new Error('not today') }),
        'charge.pending': on(Charge, () => null),
        '*': { topic: '${topic}' },
      },
    })`
}

describeWithKafka('the binary, end to end', (brokers) => {
  let directory: TempDir
  let gateway: GatewayProcess
  let command: readonly string[]
  const topics: Record<keyof typeof SECRETS, string> = {
    github: '',
    stripe: '',
    standard: '',
    svix: '',
  }

  const start = () =>
    startGateway({
      command,
      cwd: directory.path,
      env: {
        KAFKA_BROKERS: brokers,
        INLET_SOURCES: 'github,standard=standard_webhooks,svix',
        INLET_SECRET_GITHUB: `an-older-secret ${SECRETS.github}`,
        INLET_SECRET_STRIPE: SECRETS.stripe,
        INLET_SECRET_STANDARD: SECRETS.standard,
        INLET_SECRET_SVIX: SECRETS.svix,
        INLET_TOPIC_GITHUB: topics.github,
        INLET_TOPIC_STANDARD: topics.standard,
        INLET_TOPIC_SVIX: topics.svix,
      },
    })

  beforeAll(async () => {
    command = builtCommand()
    directory = await makeTempDir()
    for (const source of ['github', 'stripe', 'standard', 'svix'] as const) {
      topics[source] = await createTopic({ brokers, prefix: `e2e-${source}` })
    }
    mkdirSync(join(directory.path, 'handlers'))
    writeFileSync(join(directory.path, 'handlers/stripe.ts'), stripeHandler(topics.stripe))
    gateway = await start()
  })
  afterAll(async () => {
    await gateway.end('SIGKILL')
    await deleteTopics(brokers, Object.values(topics))
    await directory[Symbol.asyncDispose]()
  })

  const deliver = async (delivery: SignedDelivery): Promise<number> => {
    const { source, headers, body } = delivery
    const response = await fetch(`${gateway.url}/hooks/${source}`, {
      method: 'POST',
      headers,
      body,
    })
    await response.arrayBuffer()
    return response.status
  }

  /** The records of a source's topic, by their `ce_id`. */
  async function published(source: keyof typeof SECRETS): Promise<Map<string, StoredRecord>> {
    await gateway.drained(DRAIN_MS_MAX)
    const records = await readTopic(brokers, topics[source])
    const byId = new Map(records.map((record) => [record.headers['ce_id'] ?? '', record]))
    expect(byId.size).toBe(records.length) // nothing was published twice
    return byId
  }

  function expectUnchanged(record: StoredRecord | undefined, delivery: SignedDelivery): void {
    expect(record?.value.equals(Buffer.from(delivery.body))).toBe(true)
    expect(record?.key).toBe(delivery.key)
    expect(record?.headers).toMatchObject({
      ce_id: delivery.eventId,
      ce_source: delivery.source,
      ce_specversion: '1.0',
      ce_type: delivery.type,
      ce_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      'content-type': delivery.headers['content-type'],
      'inlet-seq': expect.stringMatching(/^\d+$/),
    })
  }

  test('one delivery survives a kill -9 right after its 202', async () => {
    const delivery = standardEvent('order.paid', { id: 'order-1' }, new Date(systemClock.now()))
    expect(await deliver(delivery)).toBe(202)
    await gateway.end('SIGKILL')
    gateway = await start()

    expectUnchanged((await published('standard')).get(delivery.eventId), delivery)
    expect(await deliver(delivery)).toBe(200)
  })

  test('every example of GitHub arrives byte for byte, in the order of its repository', async () => {
    const deliveries = await githubExamples()
    for (const delivery of deliveries) expect(await deliver(delivery)).toBe(202)
    const records = await published('github')

    expect(deliveries.length).toBeGreaterThan(200)
    expect(records.size).toBe(deliveries.length)
    for (const delivery of deliveries) expectUnchanged(records.get(delivery.eventId), delivery)
    const arrived = deliveries.map(({ eventId }) =>
      Number(records.get(eventId)?.headers['inlet-seq']),
    )
    expect(arrived).toEqual(arrived.toSorted((a, b) => a - b))
    for (const ofKey of Map.groupBy(records.values(), ({ key }) => key).values()) {
      const seqs = ofKey.map(({ headers }) => Number(headers['inlet-seq']))
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
      expect(new Set(ofKey.map(({ partition }) => partition)).size).toBe(1)
    }
  })

  test('Stripe’s indented JSON arrives unchanged, keyed by customer', async () => {
    const delivery = await stripeEvent('invoice.paid', {
      id: 'in_1',
      customer: 'cus_1',
      n: 12345678901234567890n.toString(),
    })
    expect(await deliver(delivery)).toBe(202)

    expectUnchanged((await published('stripe')).get(delivery.eventId), delivery)
  })

  test('a handler makes records of its own, and keeps the original', async () => {
    const delivery = await stripeEvent('charge.succeeded', { id: 'ch_1', amount: 1250 })
    expect(await deliver(delivery)).toBe(202)
    const records = await published('stripe')

    const own = records.get(delivery.eventId)
    expect(own?.value.toString()).toBe('{"amount":1250}')
    expect(own?.headers).toMatchObject({
      'x-of': delivery.eventId,
      'content-type': 'application/json',
    })
    expect(records.get(`${delivery.eventId}#1`)?.value.toString()).toBe(delivery.body)
  })

  test('what a schema or a handler refuses is acknowledged, kept and visible', async () => {
    const mismatch = await stripeEvent('charge.succeeded', { id: 'ch_2', amount: 'much' })
    const thrown = await stripeEvent('charge.failed', { id: 'ch_3', amount: 1 })
    const ignored = await stripeEvent('charge.pending', { id: 'ch_4', amount: 1 })
    for (const delivery of [mismatch, thrown, ignored]) expect(await deliver(delivery)).toBe(202)
    const listed = Bun.spawnSync([...command, 'events', '--source', 'stripe', '--json'], {
      cwd: directory.path,
    })
    const states = new Map(
      listed.stdout
        .toString()
        .trim()
        .split('\n')
        .map(
          (line) => JSON.parse(line) as { eventId: string; state: string; reason: string | null },
        )
        .map(({ eventId, state, reason }) => [eventId, { state, reason }]),
    )

    expect(states.get(mismatch.eventId)).toEqual({
      state: 'invalid',
      reason: expect.stringContaining('SCHEMA_MISMATCH: data.object.amount'),
    })
    expect(states.get(thrown.eventId)).toEqual({
      state: 'failed',
      reason: expect.stringMatching(/^HANDLER_FAILED: not today \(stripe\.ts:\d+:\d+\)$/),
    })
    expect(states.get(ignored.eventId)).toEqual({
      state: 'ignored',
      reason: 'its handler publishes nothing',
    })
  })

  test('Svix’s own library is understood, and so are its headers', async () => {
    const delivery = svixEvent('user.created', new Date(systemClock.now()))
    expect(await deliver(delivery)).toBe(202)

    expectUnchanged((await published('svix')).get(delivery.eventId), delivery)
  })

  test('nothing altered, stale or unsigned is stored', async () => {
    const good = standardEvent('order.paid', { id: 'order-2' }, new Date(systemClock.now()))
    const stale = standardEvent(
      'order.paid',
      { id: 'order-3' },
      new Date(systemClock.now() - 3_600_000),
    )

    expect(await deliver({ ...good, body: `${good.body} ` })).toBe(401)
    expect(await deliver({ ...good, headers: { 'content-type': 'application/json' } })).toBe(401)
    expect(await deliver(stale)).toBe(401)
    const records = await published('standard')
    expect(records.has(good.eventId) || records.has(stale.eventId)).toBe(false)
  })

  test('a verified body that is no JSON is kept as invalid and not published', async () => {
    const [example] = await githubExamples()
    if (example === undefined) throw new Error('no example')
    const { sign } = await import('@octokit/webhooks-methods')
    const body = '{"broken": '
    const headers = { ...example.headers, 'x-hub-signature-256': await sign(SECRETS.github, body) }

    expect(await deliver({ ...example, body, headers })).toBe(202)
    expect((await published('github')).has(example.eventId)).toBe(false)
  })

  test('SIGTERM answers what is in flight, publishes what is stored, and exits with 0', async () => {
    const deliveries = Array.from({ length: 50 }, (_, n) =>
      standardEvent('drain', { id: `drain-${n}` }, new Date(systemClock.now())),
    )
    const answers = Promise.all(deliveries.map((delivery) => deliver(delivery).catch(() => 0)))
    const first = deliver(standardEvent('drain', { id: 'first' }, new Date(systemClock.now())))
    expect(await first).toBe(202)
    const code = await gateway.end('SIGTERM')
    const taken = await answers
    const acked = deliveries.filter((_, n) => taken[n] === 202)
    expect(code).toBe(0)
    const ids = new Set(
      (await readTopic(brokers, topics.standard)).map(({ headers }) => headers['ce_id']),
    )
    expect(acked.filter(({ eventId }) => !ids.has(eventId))).toEqual([])
    gateway = await start()
  })
})
