/**
 * The compiled binary and the real Kafka, with the CloudEvents SDK at both ends: what it sends is
 * what it reads from the topic.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { CloudEvent, HTTP, Kafka } from 'cloudevents'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomUuid } from '../../src/ids.ts'
import { builtCommand, startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic, type StoredRecord } from '../support/topics.ts'

setDefaultTimeout(60_000)
const DRAIN_MS_MAX = 30_000
const TOKENS = { shop: 'shop-token-0123456789', billing: 'billing-token-0123456789' }

/** What a team would put beside the binary. */
function billingHandler(topic: string): string {
  return `
    import { defineSource, on, z } from 'inlet'
    const Invoice = z.object({ amount: z.int() })
    const slowly = async () => {
      await new Promise((done) => setTimeout(done, 300))
      return { topic: '${topic}' }
    }
    export default defineSource('billing', {
      provider: 'cloudevents',
      events: {
        'invoice.paid': on(Invoice, ({ data, attributes }) => [
          { topic: '${topic}', value: { paid: data.amount, of: attributes.subject } },
          { topic: '${topic}' },
        ]),
        'invoice.broken': on(z.unknown(), () => { throw new Error('secret reason') }),
        'invoice.slow': on(z.unknown(), slowly),
      },
    })`
}

type Answer = { readonly status: number; readonly headers: Headers; readonly problem: Problem }
type Problem = {
  readonly code?: string
  readonly detail?: string
  readonly issues?: readonly { element?: number; at: string; message: string }[]
}

/** All that an event says, as JSON. */
function asSent(event: unknown): unknown {
  return JSON.parse(JSON.stringify(event))
}

describeWithKafka('POST /events', (brokers) => {
  let directory: TempDir
  let gateway: GatewayProcess
  let command: readonly string[]
  const topics = { shop: '', billing: '' }

  const start = () =>
    startGateway({
      command,
      cwd: directory.path,
      env: {
        KAFKA_BROKERS: brokers,
        INLET_EVENTS_TOKEN_SHOP: `an-older-token-0123 ${TOKENS.shop}`,
        INLET_EVENTS_TOKEN_BILLING_FILE: 'billing-token',
        INLET_TOPIC_SHOP: topics.shop,
      },
    })

  beforeAll(async () => {
    command = builtCommand()
    directory = await makeTempDir()
    for (const caller of ['shop', 'billing'] as const) {
      topics[caller] = await createTopic({ brokers, prefix: `events-${caller}` })
    }
    mkdirSync(join(directory.path, 'handlers'))
    writeFileSync(join(directory.path, 'billing-token'), `${TOKENS.billing}\n`)
    writeFileSync(join(directory.path, 'handlers/billing.ts'), billingHandler(topics.billing))
    gateway = await start()
  })
  afterAll(async () => {
    await gateway.end('SIGKILL')
    await deleteTopics(brokers, Object.values(topics))
    await directory[Symbol.asyncDispose]()
  })

  async function post(
    caller: keyof typeof TOKENS,
    message: { readonly headers: object; readonly body: unknown },
    key?: string,
  ): Promise<Answer> {
    const response = await fetch(`${gateway.url}/events`, {
      method: 'POST',
      headers: {
        ...(message.headers as Record<string, string>),
        authorization: `Bearer ${TOKENS[caller]}`,
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      body: message.body as string | Uint8Array<ArrayBuffer>,
    })
    const text = await response.text()
    const problem = text === '' ? {} : (JSON.parse(text) as Problem)
    return { status: response.status, headers: response.headers, problem }
  }

  async function published(caller: keyof typeof TOKENS): Promise<Map<string, StoredRecord>> {
    await gateway.drained(DRAIN_MS_MAX)
    const records = await readTopic(brokers, topics[caller])
    return new Map(records.map((record) => [record.headers['ce_id'] ?? '', record]))
  }

  /** A record as the SDK reads it; text is text only where the reader says so. */
  function readBack(record: StoredRecord | undefined, isText: boolean): unknown {
    if (record === undefined) throw new Error('it was not published')
    const value = isText ? record.value.toString() : record.value
    const { headers, key } = record
    return asSent(Kafka.toEvent({ headers, key, value, body: value } as never))
  }

  const common = { source: 'https://shop.example/a%20b?c#d', partitionkey: 'customer-1' }
  const samples: Readonly<Record<string, () => CloudEvent<unknown>>> = {
    'JSON data and every attribute': () =>
      new CloudEvent({
        ...common,
        type: 'order.paid',
        subject: 'order-1',
        time: '2026-01-02T03:04:05.678Z',
        datacontenttype: 'application/json',
        dataschema: 'https://shop.example/order.json',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        data: { n: 1.5, text: 'ü 日本 \u2028', nested: [{ data: '}' }, null] },
      }),
    'binary data': () =>
      new CloudEvent({
        ...common,
        type: 'picture.taken',
        datacontenttype: 'image/png',
        data: Uint8Array.from({ length: 256 }, (_, byte) => byte),
      }),
    'text data': () =>
      new CloudEvent({
        ...common,
        type: 'note.written',
        datacontenttype: 'text/plain',
        data: 'a "quoted" line\nand ü',
      }),
  }

  describe.each(Object.entries(samples))('%s', (name, make) => {
    const isText = name === 'text data'

    test('comes back through the SDK as it was sent, in each mode', async () => {
      // In binary mode the SDK does not percent-encode, so its source has nothing to decode.
      const binary = make().cloneWith({ id: randomUuid(), source: '/plain' })
      const structured = make().cloneWith({ id: randomUuid() })
      const batch = [1, 2, 3].map(() => make().cloneWith({ id: randomUuid() }))
      const batchHeaders = { 'content-type': 'application/cloudevents-batch+json' }

      expect(await post('shop', HTTP.binary(binary))).toMatchObject({ status: 202 })
      expect(await post('shop', HTTP.structured(structured))).toMatchObject({ status: 202 })
      expect(
        await post('shop', { headers: batchHeaders, body: JSON.stringify(batch) }),
      ).toMatchObject({ status: 202 })
      const records = await published('shop')
      for (const event of [binary, structured, ...batch]) {
        const record = records.get(event.id)
        expect(readBack(record, isText)).toEqual(asSent(event))
        expect(record?.key).toBe('customer-1')
      }
    })
  })

  test('the value is the very bytes of the data, wherever they stand', async () => {
    const [first, second] = [randomUuid(), randomUuid()]
    const data = '{ "n" : 12345678901234567890.10, "n": 1e2,\r\n "\\u0061": "\\/" }'
    const attributes = (id: string) => `"specversion":"1.0","id":"${id}","source":"/s","type":"t"`
    const headers = { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' }
    const elements = [
      ` {${attributes(first)},"data":0,"data" : ${data} }`,
      `{"data":${data},${attributes(second)}}`,
    ]
    const body = `[${elements.join(',')}]`

    expect(await post('shop', { headers, body })).toMatchObject({ status: 202 })
    const records = await published('shop')
    for (const id of [first, second]) {
      expect(records.get(id)?.value.toString()).toBe(data)
      expect(records.get(id)?.headers).toEqual({
        ce_specversion: '1.0',
        ce_id: id,
        ce_source: '/s',
        ce_type: 't',
        'content-type': 'application/json',
        'inlet-seq': expect.stringMatching(/^\d+$/),
      })
      expect(records.get(id)?.key).toBe(id)
    }
  })

  const invoice = (type: string, data: unknown, id: string = randomUuid()) =>
    new CloudEvent({ id, source: '/billing', type, subject: 'customer-7', data })

  test('a handler makes records of its own, under the attributes of the event', async () => {
    const event = invoice('invoice.paid', { amount: 5 })
    expect(await post('billing', HTTP.structured(event))).toMatchObject({ status: 202 })
    const records = await published('billing')

    const own = records.get(event.id)
    expect(own?.value.toString()).toBe('{"paid":5,"of":"customer-7"}')
    expect(own?.headers).toMatchObject({ ce_source: '/billing', ce_type: 'invoice.paid' })
    expect(own?.key).toBe('customer-7')
    expect(records.get(`${event.id}#1`)?.value.toString()).toBe('{"amount":5}')
  })

  test('a batch is stored whole or not at all, and says what is wrong where', async () => {
    const headers = { 'content-type': 'application/cloudevents-batch+json' }
    const good = invoice('invoice.paid', { amount: 5 })
    const mismatch = invoice('invoice.paid', { amount: 'much' })
    const broken = { ...JSON.parse(String(invoice('t', 1))), specversion: '0.3', time: 'now' }

    const refused = await post('billing', { headers, body: JSON.stringify([good, mismatch]) })
    expect(refused).toMatchObject({ status: 422, problem: { code: 'EVENT_INVALID' } })
    expect(refused.problem.issues).toMatchObject([{ element: 1, at: 'data.amount' }])
    const malformed = await post('billing', { headers, body: JSON.stringify([good, broken]) })
    expect(malformed.problem.issues?.map(({ element, at }) => [element, at])).toEqual([
      [1, 'time'],
      [1, 'specversion'],
    ])
    expect((await published('billing')).has(good.id)).toBe(false)

    const another = invoice('invoice.paid', { amount: 6 })
    const body = JSON.stringify([good, another])
    expect(await post('billing', HTTP.structured(good))).toMatchObject({ status: 202 })
    expect(await post('billing', { headers, body })).toMatchObject({ status: 202 })
    const again = await post('billing', { headers, body })
    expect([again.status, again.headers.get('inlet-duplicate')]).toEqual([200, '1'])
  })

  test('a handler that fails is our fault: 500, no reason given, nothing stored', async () => {
    const answer = await post('billing', HTTP.structured(invoice('invoice.broken', 1)))

    expect(answer).toMatchObject({ status: 500, problem: { code: 'HANDLER_FAILED' } })
    expect(JSON.stringify(answer.problem)).not.toContain('secret reason')
  })

  test('the same id of another caller, or of another source, is another event', async () => {
    const id = randomUuid()
    const events = ['/a', '/a/b'].map(
      (source) => new CloudEvent({ id, source, type: 'invoice.paid', data: { amount: 1 } }),
    )
    for (const caller of ['shop', 'billing'] as const) {
      for (const event of events)
        expect((await post(caller, HTTP.structured(event))).status).toBe(202)
    }
  })

  test('nobody comes in without a token, and no caller by another door', async () => {
    const { headers, body } = HTTP.structured(invoice('invoice.paid', { amount: 1 }))
    const send = async (path: string, more: Record<string, string>) => {
      const init = { method: 'POST', headers: { ...headers, ...more } as Record<string, string> }
      const response = await fetch(`${gateway.url}${path}`, { ...init, body: String(body) })
      return [response.status, response.headers.get('www-authenticate')]
    }
    const authorization = `Bearer ${TOKENS.shop}`

    expect(await send('/events', {})).toEqual([401, 'Bearer'])
    expect(await send('/events', { authorization: `${authorization}x` })).toEqual([401, 'Bearer'])
    expect(await send('/events', { authorization: 'Bearer an-older-token-0123' })).toEqual([
      202,
      null,
    ])
    expect(await send('/hooks/shop', { authorization })).toEqual([404, null])
  })

  describe('Idempotency-Key', () => {
    const replayed = ({ status, headers }: Answer) => [status, headers.get('idempotency-replayed')]

    test('the answer is given again, also after kill -9 and a restart', async () => {
      const key = `"${randomUuid()}"`
      const first = HTTP.structured(invoice('invoice.paid', { amount: 1 }))
      const other = HTTP.structured(invoice('invoice.paid', { amount: 2 }))

      expect(replayed(await post('billing', first, key))).toEqual([202, null])
      expect(replayed(await post('billing', first, key))).toEqual([202, 'true'])
      await gateway.end('SIGKILL')
      gateway = await start()
      expect(replayed(await post('billing', first, key))).toEqual([202, 'true'])
      expect(replayed(await post('billing', first, key.slice(1, -1)))).toEqual([202, 'true'])
      expect(await post('billing', other, key)).toMatchObject({
        status: 422,
        problem: { code: 'IDEMPOTENCY_KEY_REUSED' },
      })
      // Keys are a caller's own.
      expect(replayed(await post('shop', other, key))).toEqual([202, null])
    })

    test('in binary mode the attributes are part of the request', async () => {
      const key = randomUuid()
      const event = invoice('invoice.paid', { amount: 1 })
      expect((await post('shop', HTTP.binary(event), key)).status).toBe(202)
      const other = HTTP.binary(event.cloneWith({ id: randomUuid() }))
      expect((await post('shop', other, key)).status).toBe(422)
    })

    test('a refused request keeps no answer: mended, it is taken under the same key', async () => {
      const key = randomUuid()
      const wrong = HTTP.structured(invoice('invoice.paid', { amount: 'much' }))
      expect((await post('billing', wrong, key)).problem.code).toBe('EVENT_INVALID')
      const right = HTTP.structured(invoice('invoice.paid', { amount: 1 }))
      expect(replayed(await post('billing', right, key))).toEqual([202, null])
    })

    test('of many at once one is taken, and the others are told to wait', async () => {
      const key = randomUuid()
      const event = invoice('invoice.slow', 1)
      const message = HTTP.structured(event)
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => post('billing', message, key)),
      )

      const first = answers.filter((each) => replayed(each)[0] === 202 && !replayed(each)[1])
      expect(first).toHaveLength(1)
      await gateway.drained(DRAIN_MS_MAX)
      const others = answers.filter((each) => each !== first[0])
      for (const each of others) {
        if (each.status !== 409) expect(replayed(each)).toEqual([202, 'true'])
      }
      expect(others.some(({ status }) => status === 409)).toBe(true)
      const seqs = new Set(
        (await readTopic(brokers, topics.billing))
          .filter(({ headers }) => headers['ce_id'] === event.id)
          .map(({ headers }) => headers['inlet-seq']),
      )
      expect(seqs.size).toBe(1) // stored once
    })

    test('a key that is neither a string nor a token is malformed', async () => {
      const message = HTTP.structured(invoice('invoice.paid', { amount: 1 }))
      expect((await post('shop', message, '"open')).status).toBe(400)
      expect((await post('shop', message, 'k'.repeat(256))).status).toBe(400)
    })
  })
})
