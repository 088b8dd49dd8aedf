import { afterEach, beforeEach, expect, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import type { LogFields } from '../../src/log.ts'
import { silentLog } from '../../src/log.ts'
import { TRACE_QUEUE_SPANS_MAX } from '../../src/limits/traces.ts'
import { openExporter } from '../../src/tracing/exporter.ts'
import { openSampler } from '../../src/tracing/sampler.ts'
import { SPAN_KIND, type Span } from '../../src/tracing/span.ts'
import { openCollector, type Collector } from '../support/collector.ts'

let collector: Collector
beforeEach(() => void (collector = openCollector()))
afterEach(() => collector.close())

const span = (name: string): Span => ({
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: undefined,
  name,
  kind: SPAN_KIND.internal,
  startedAt: 1_767_225_600_000.25,
  ms: 1.5,
  attributes: { text: 'a', whole: 2 ** 40, part: 0.5, none: undefined },
})

function open() {
  const said: (readonly [string, LogFields | undefined])[] = []
  const log = {
    ...silentLog,
    warn: (name: string, fields?: LogFields) => said.push([name, fields]),
  }
  const url = `${collector.url}/v1/traces`
  const options = { clock: systemClock, log, url, headers: {}, resource: { 'service.name': 'a' } }
  return { exporter: openExporter(options), said }
}

test('a span arrives as it was, its times to the nanosecond', async () => {
  const { exporter } = open()
  exporter.emit(span('one'))
  await exporter.run(AbortSignal.abort())
  expect(collector.spans).toEqual([
    expect.objectContaining({
      name: 'one',
      startTimeUnixNano: '1767225600000250000',
      endTimeUnixNano: '1767225600001750000',
      attributes: { text: 'a', whole: 2 ** 40, part: 0.5 },
      resource: { 'service.name': 'a' },
    }),
  ])
})

test('more spans than the queue holds are dropped, counted, and cost no others', async () => {
  const { exporter, said } = open()
  for (let i = 0; i < TRACE_QUEUE_SPANS_MAX + 5; i += 1) exporter.emit(span(String(i)))
  const stop = new AbortController()
  const running = exporter.run(stop.signal)
  await collector.find(String(TRACE_QUEUE_SPANS_MAX - 1))
  stop.abort()
  await running
  expect(collector.spans).toHaveLength(TRACE_QUEUE_SPANS_MAX)
  expect(said).toEqual([['traces.exported', { failures: 0, dropped: 5 }]])
})

test('what a collector cannot take now is sent again, and what it refuses is dropped', async () => {
  const { exporter, said } = open()
  collector.status = 503
  exporter.emit(span('later'))
  const stop = new AbortController()
  const running = exporter.run(stop.signal)
  while (said.length === 0) await systemClock.sleep(1)
  collector.status = 200
  await collector.find('later')
  stop.abort()
  await running
  expect(said.map(([name]) => name)).toEqual(['traces.unavailable', 'traces.exported'])

  const refused = open()
  collector.status = 400
  refused.exporter.emit(span('never'))
  await refused.exporter.run(AbortSignal.abort())
  expect(refused.said.at(-1)).toEqual(['traces.dropped', { spans: 1 }])
})

test('a share of the traces is sampled, the same on every node, and senders are followed or not', () => {
  const ids = Array.from({ length: 1000 }, (_, n) => (n * 72_057_594_037_928).toString(16))
  const traceIds = ids.map((id) => id.padStart(32, '0'))
  const count = (name: string, share: number) =>
    traceIds.filter((id) => openSampler(name, share)(id)).length
  expect(count('traceidratio', 0.25)).toBe(250)
  expect(count('parentbased_traceidratio', 1)).toBe(1000)
  expect(count('always_off', 1)).toBe(0)
  expect(count('parentbased_always_on', 0)).toBe(1000)

  const traceId = traceIds[999] ?? ''
  const parent = (isSampled: boolean) => ({ traceId, spanId: 'b7ad6b7169203331', isSampled })
  expect(openSampler('parentbased_traceidratio', 0)(traceId, parent(true))).toBe(true)
  expect(openSampler('parentbased_traceidratio', 1)(traceId, parent(false))).toBe(false)
  expect(openSampler('traceidratio', 0)(traceId, parent(true))).toBe(false)
})
