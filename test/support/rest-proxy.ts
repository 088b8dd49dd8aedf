/**
 * A stand-in for Kafka's REST Proxy, version 3, in front of the real Kafka: what it is asked and
 * what it answers is as its documentation says. The real one is not in any package registry.
 */
import {
  CompressionTypes,
  Kafka,
  KafkaJSProtocolError,
  logLevel,
  Partitioners,
  type Producer,
} from 'kafkajs'
import type { Server } from 'bun'

export interface RestProxy extends AsyncDisposable {
  /** As KAFKA_REST_URL has it. */
  readonly url: string
  /** What the next requests are answered instead; cleared with undefined. */
  answer: (() => Response) | undefined
  /** The `Authorization` of the last request. */
  authorization: string | null
}

interface SentRecord {
  readonly key: { readonly data: string }
  readonly value: { readonly data: string }
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}

export async function startRestProxy(brokers: string): Promise<RestProxy> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  // One for each topic: kafkajs asks for all that a producer has sent to, and where one of them is
  // gone it fails for the others, too.
  const producers = new Map<string, Producer>()

  async function producerOf(topic: string): Promise<Producer> {
    const known = producers.get(topic)
    if (known !== undefined) return known
    const opened = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      retry: { retries: 1 },
    })
    producers.set(topic, opened)
    await opened.connect()
    return opened
  }

  /** One record, and the report on it. */
  async function produce(topic: string, { key, value, headers }: SentRecord): Promise<object> {
    const bytes = (data: string) => Buffer.from(data, 'base64')
    const message = {
      key: bytes(key.data),
      value: bytes(value.data),
      headers: Object.fromEntries(headers.map((header) => [header.name, bytes(header.value)])),
    }
    try {
      const compression = CompressionTypes.None
      const producer = await producerOf(topic)
      const [ack] = await producer.send({ topic, acks: -1, compression, messages: [message] })
      return {
        error_code: 200,
        topic_name: topic,
        partition_id: ack?.partition,
        offset: Number(ack?.baseOffset),
        key: { type: 'BINARY', size: message.key.byteLength },
        value: { type: 'BINARY', size: message.value.byteLength },
      }
    } catch (error) {
      return { error_code: codeOf(error), message: 'it says "why" in {braces}' }
    }
  }

  const server: Server<undefined> = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      proxy.authorization = request.headers.get('authorization')
      const text = await request.text()
      if (proxy.answer !== undefined) return proxy.answer()
      const [, topic] = /\/topics\/([^/]+)\/records$/.exec(new URL(request.url).pathname) ?? []
      if (topic === undefined) return Response.json({ kind: 'KafkaCluster' })
      const records = text.split('\n').map((line) => JSON.parse(line) as SentRecord)
      const reports: object[] = []
      for (const record of records) reports.push(await produce(topic, record))
      return new Response(reports.map((report) => JSON.stringify(report)).join('\r\n'))
    },
  })
  const proxy: RestProxy = {
    url: `http://127.0.0.1:${server.port}/v3/clusters/test`,
    answer: undefined,
    authorization: null,
    async [Symbol.asyncDispose]() {
      await server.stop(true)
      await Promise.all(producers.values().map((producer) => producer.disconnect()))
    },
  }
  return proxy
}

/** An HTTP status, and what the proxy adds to it. */
function codeOf(error: unknown): number {
  const inner = error instanceof Error && error.cause !== undefined ? error.cause : error
  const type = inner instanceof KafkaJSProtocolError ? inner.type : ''
  if (type === 'MESSAGE_TOO_LARGE') return 413
  return type === 'UNKNOWN_TOPIC_OR_PARTITION' ? 40403 : 50002
}
