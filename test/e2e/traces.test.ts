/** The gateway as a process, and a collector that decodes what it is sent. */
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCollector, type Collector } from '../support/collector.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

setDefaultTimeout(60_000)

const COMMAND = [process.execPath, join(import.meta.dir, '../../src/main.ts')]
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SENDER = 'b7ad6b7169203331'
const TRACEPARENT = `00-${TRACE}-${SENDER}-01`

let directory: TempDir
let collector: Collector
let gateway: GatewayProcess | undefined
/** Each delivery is an event of its own. */
let deliveries = 0

async function openWorld() {
  directory = await makeTempDir()
  collector = openCollector()
}

async function closeWorld() {
  await gateway?.end('SIGKILL')
  gateway = undefined
  await collector.close()
  await directory[Symbol.asyncDispose]()
}

const TRACED = () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })

async function start(env: Record<string, string>): Promise<GatewayProcess> {
  const base = {
    INLET_SOURCES: 'shop=generic_hmac,own=generic_hmac',
    INLET_SECRET_SHOP: 'none',
    INLET_SECRET_OWN: 'none',
    INLET_SINK: 'file',
  }
  const command = COMMAND
  gateway = await startGateway({ command, cwd: directory.path, env: { ...base, ...env } })
  return gateway
}

async function deliver(traceparent?: string, source = 'shop'): Promise<number> {
  const headers = { 'content-type': 'application/json', ...(traceparent && { traceparent }) }
  deliveries += 1
  const body = `{"n":${deliveries % 10}}`
  const { status } = await fetch(`${gateway?.url}/hooks/${source}`, {
    method: 'POST',
    headers,
    body,
  })
  return status
}

interface Published {
  readonly headers: Readonly<Record<string, string>>
}

async function records(topic = 'webhooks.shop'): Promise<readonly Published[]> {
  const text = await Bun.file(join(directory.path, 'data/topics', `${topic}.ndjson`)).text()
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Published)
}

const OWN = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
const HANDLER = `
  import { defineSource, on, z } from 'inlet'
  export default defineSource('own', {
    provider: 'generic_hmac',
    events: { '*': on(z.unknown(), () => ({ topic: 'own', headers: { traceparent: '${OWN}' } })) },
  })`

describe('a gateway that traces', () => {
  beforeAll(async () => {
    await openWorld()
    mkdirSync(join(directory.path, 'handlers'))
    writeFileSync(join(directory.path, 'handlers/own.ts'), HANDLER)
    await start({
      ...TRACED(),
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc,x-team=a',
      OTEL_SERVICE_NAME: 'hooks',
      OTEL_SOMETHING_ELSE: 'is left alone',
    })
  })
  afterAll(closeWorld)

  test('a delivery, its handler, its commit and its record are one trace, which the sender began', async () => {
    expect(await deliver(TRACEPARENT)).toBe(202)
    const sent = await collector.find('send webhooks.shop')
    const processed = await collector.find('process shop')
    const handled = await collector.find('handle')
    const committed = await collector.find('commit')

    for (const { traceId } of [sent, processed, handled, committed]) expect(traceId).toBe(TRACE)
    expect(processed.parentSpanId).toBe(SENDER)
    for (const { parentSpanId } of [sent, handled, committed]) {
      expect(parentSpanId).toBe(processed.spanId)
    }
    expect(processed).toMatchObject({
      kind: 5,
      resource: { 'service.name': 'hooks', 'service.instance.id': 'inlet' },
      attributes: {
        'messaging.system': 'webhook',
        'messaging.operation.name': 'process',
        'messaging.destination.name': 'shop',
        'messaging.message.body.size': 7,
        'inlet.outcome': 'accepted',
        'inlet.seq': 1,
      },
    })
    expect(sent).toMatchObject({
      kind: 4,
      attributes: {
        'messaging.system': 'file',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'webhooks.shop',
        'messaging.message.id': processed.attributes['messaging.message.id'],
        'messaging.kafka.offset': 0,
      },
    })
    const nanos = (span: typeof sent) =>
      [span.startTimeUnixNano, span.endTimeUnixNano].map(BigInt) as [bigint, bigint]
    const [startedAt, endedAt] = nanos(processed)
    for (const step of [handled, committed]) {
      expect(nanos(step)[0]).toBeGreaterThanOrEqual(startedAt)
      expect(nanos(step)[1]).toBeLessThanOrEqual(endedAt)
    }
    expect(nanos(committed)[0]).toBeGreaterThanOrEqual(nanos(handled)[1])

    const [record] = await records()
    expect(record?.headers['traceparent']).toBe(`00-${TRACE}-${sent.spanId}-01`)
    expect(collector.requests[0]?.get('authorization')).toBe('Bearer abc')
    expect(collector.requests[0]?.get('x-team')).toBe('a')
  })

  test('leaves a traceparent that a handler sets, and links it', async () => {
    await deliver(TRACEPARENT, 'own')
    const sent = await collector.find('send own')
    expect(sent.traceId).toBe(TRACE)
    expect(sent.links).toEqual([{ traceId: '1'.repeat(32), spanId: '2'.repeat(16) }])
    const [record] = await records('own')
    expect(record?.headers['traceparent']).toBe(OWN)
  })

  test('follows a sender that does not sample, and sends what still waits before it ends', async () => {
    const before = collector.spans.length
    const unsampled = `00-${TRACE}-${SENDER}-00`
    await deliver(unsampled)
    await deliver('what is none')
    expect(await gateway?.end('SIGTERM')).toBe(0)

    const [, second, third] = await records()
    expect(second?.headers['traceparent']).toBe(unsampled)
    const last = collector.spans.slice(before)
    const names = ['commit', 'handle', 'process shop', 'send webhooks.shop']
    expect(last.map(({ name }) => name).toSorted()).toEqual(names)
    const sent = last.find(({ name }) => name === 'send webhooks.shop')
    expect(third?.headers['traceparent']).toBe(`00-${sent?.traceId}-${sent?.spanId}-01`)
    expect(sent?.traceId).not.toBe(TRACE)
  })
})

describe('a gateway', () => {
  beforeEach(openWorld)
  afterEach(closeWorld)

  test('an event that is published after a crash is still in the trace of its delivery', async () => {
    const down = { INLET_SINK: 'kafka', KAFKA_BROKERS: '127.0.0.1:1', ...TRACED() }
    const first = await start(down)
    expect(await deliver()).toBe(202)
    const processed = await collector.find('process shop')
    await first.end('SIGKILL')

    const second = await start(TRACED())
    const sent = await collector.find('send webhooks.shop')
    expect(sent).toMatchObject({ traceId: processed.traceId, parentSpanId: processed.spanId })
    const { events } = (await (await fetch(`${second.adminUrl}/api/events`)).json()) as {
      events: readonly { readonly seq: number }[]
    }
    const detail = await fetch(`${second.adminUrl}/api/events/${events[0]?.seq}`)
    expect(await detail.json()).toMatchObject({ traceId: processed.traceId })
  })

  test('is held up by no collector that is away, and says what it dropped', async () => {
    const deaf = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })
    expect(await deliver()).toBe(202)
    expect(await deaf.end('SIGTERM')).toBe(0)
    const dropped = deaf.log.filter(({ message }) => message === 'traces.dropped')
    expect(new Set(dropped.map(({ spans }) => spans))).toEqual(new Set([1, 3]))
    expect(deaf.log.map(({ message }) => message)).not.toContain('relay.cut_off')
  })

  test('passes a traceparent on without a collector', async () => {
    const untraced = await start({})
    await deliver(TRACEPARENT)
    expect(await untraced.end('SIGTERM')).toBe(0)
    const [record] = await records()
    expect(record?.headers['traceparent']).toBe(TRACEPARENT)
  })
})
