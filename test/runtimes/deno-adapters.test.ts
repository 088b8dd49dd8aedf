/** The suites of hints and publishers, held against those in a process of Deno's. */
import { afterAll, beforeAll, setDefaultTimeout } from 'bun:test'
import { describeHint } from '../conformance/idempotency.ts'
import { describePublisher } from '../conformance/publisher.ts'
import { describeWithKafka, describeWithRedis } from '../support/servers.ts'
import { openTcpGate } from '../support/tcp-gate.ts'
import { startUpstashFacade } from '../support/upstash-facade.ts'
import { startDenoAdapters, type DenoAdapters } from './deno-adapters.ts'

setDefaultTimeout(60_000)

let adapters: DenoAdapters
beforeAll(() => {
  adapters = startDenoAdapters()
})
afterAll(() => adapters[Symbol.asyncDispose]())

describeWithRedis('hints on Deno', (redisUrl) => {
  describeHint({ runtime: 'Deno', adapter: 'Redis over TCP' }, redisUrl, async () => {
    const { hostname: host, port } = new URL(redisUrl)
    const gate = await openTcpGate({ host, port: Number(port || 6379) })
    const url = new URL(redisUrl)
    url.host = `127.0.0.1:${gate.port}`
    return {
      gate,
      open: (options) => adapters.openHint({ kind: 'redis', url: url.href }, options),
      [Symbol.asyncDispose]: () => gate[Symbol.asyncDispose](),
    }
  })

  describeHint({ runtime: 'Deno', adapter: 'Upstash over HTTP' }, redisUrl, async () => {
    const facade = await startUpstashFacade(redisUrl)
    const gate = await openTcpGate({ host: '127.0.0.1', port: facade.port })
    const url = `http://127.0.0.1:${gate.port}`
    return {
      gate,
      open: (options) => adapters.openHint({ kind: 'upstash', url, token: facade.token }, options),
      async [Symbol.asyncDispose]() {
        await gate[Symbol.asyncDispose]()
        await facade[Symbol.asyncDispose]()
      },
    }
  })
})

describeWithKafka('publishers on Deno', (brokers) => {
  describePublisher({
    runtime: 'Deno',
    adapter: 'kafkajs',
    brokers,
    open: () => adapters.openPublisher(brokers),
    openNowhere: () => adapters.openPublisher('127.0.0.1:9'),
  })
})
