/** The suites of hints and publishers, held against those on Deno and in workerd. */
import { afterAll, beforeAll, setDefaultTimeout } from 'bun:test'
import { describeHint, type HintRig } from '../conformance/idempotency.ts'
import { describePublisher } from '../conformance/publisher.ts'
import { describeWithKafka, describeWithRedis } from '../support/servers.ts'
import { openTcpGate } from '../support/tcp-gate.ts'
import { startUpstashFacade } from '../support/upstash-facade.ts'
import { startDenoAdapters, startWorkerAdapters, type RemoteAdapters } from './remote-adapters.ts'

setDefaultTimeout(60_000)

let deno: RemoteAdapters
let worker: RemoteAdapters
beforeAll(async () => {
  deno = startDenoAdapters()
  worker = await startWorkerAdapters()
})
afterAll(async () => {
  await deno[Symbol.asyncDispose]()
  await worker[Symbol.asyncDispose]()
})

async function openTcpRig(redisUrl: string, adapters: RemoteAdapters): Promise<HintRig> {
  const { hostname: host, port } = new URL(redisUrl)
  const gate = await openTcpGate({ host, port: Number(port || 6379) })
  const url = new URL(redisUrl)
  url.host = `127.0.0.1:${gate.port}`
  return {
    gate,
    open: (options) => adapters.openHint({ kind: 'redis', url: url.href }, options),
    [Symbol.asyncDispose]: () => gate[Symbol.asyncDispose](),
  }
}

async function openHttpRig(redisUrl: string, adapters: RemoteAdapters): Promise<HintRig> {
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
}

describeWithRedis('hints elsewhere', (redisUrl) => {
  const overHttp = 'Upstash over HTTP'
  describeHint({ runtime: 'Deno', adapter: 'Redis over TCP' }, redisUrl, (url) =>
    openTcpRig(url, deno),
  )
  describeHint({ runtime: 'Deno', adapter: overHttp }, redisUrl, (url) => openHttpRig(url, deno))
  describeHint({ runtime: 'workerd', adapter: overHttp }, redisUrl, (url) =>
    openHttpRig(url, worker),
  )
})

describeWithKafka('publishers elsewhere', (brokers) => {
  describePublisher({
    runtime: 'Deno',
    adapter: 'kafkajs',
    brokers,
    open: () => deno.openPublisher(brokers),
    openNowhere: () => deno.openPublisher('127.0.0.1:9'),
  })
})
