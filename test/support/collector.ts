import { systemClock } from '../../src/clock.ts'

/** A span as it arrived, with what its resource says. */
export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly status?: { readonly code: number; readonly message: string }
  readonly attributes: Readonly<Record<string, string | number>>
  readonly resource: Readonly<Record<string, string | number>>
}

export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string
  readonly spans: readonly CollectedSpan[]
  /** The headers of each request. */
  readonly requests: readonly Headers[]
  /** What it answers instead of 200. */
  status: number
  /** Resolves once a span of this name is there. Throws after `msMax`. */
  find(name: string, msMax?: number): Promise<CollectedSpan>
  close(): Promise<void>
}

const POLL_MS = 5

/** A collector of OTLP over HTTP, in JSON, that keeps what it gets. */
export function openCollector(): Collector {
  const spans: CollectedSpan[] = []
  const requests: Headers[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      requests.push(request.headers)
      if (collector.status !== 200) return new Response(null, { status: collector.status })
      if (new URL(request.url).pathname !== '/v1/traces') return new Response(null, { status: 404 })
      spans.push(...decode((await request.json()) as Otlp))
      return Response.json({})
    },
  })
  const collector: Collector = {
    url: `http://127.0.0.1:${server.port}`,
    spans,
    requests,
    status: 200,
    async find(name, msMax = 15_000) {
      const deadlineMs = systemClock.monotonicMs() + msMax
      for (;;) {
        const found = spans.find((span) => span.name === name)
        if (found !== undefined) return found
        if (systemClock.monotonicMs() > deadlineMs) {
          throw new Error(`no span "${name}" within ${msMax} ms: ${JSON.stringify(spans)}`)
        }
        await systemClock.sleep(POLL_MS)
      }
    },
    close: () => server.stop(true),
  }
  return collector
}

/** The part of OTLP/JSON that is sent. */
interface Otlp {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Attributes }
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[]
  }[]
}
type OtlpSpan = Omit<CollectedSpan, 'attributes' | 'resource'> & { readonly attributes: Attributes }
type Attributes = readonly {
  readonly key: string
  readonly value: {
    readonly stringValue?: string
    readonly intValue?: string
    readonly doubleValue?: number
  }
}[]

function decode({ resourceSpans }: Otlp): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        attributes: toRecord(span.attributes),
        resource: toRecord(resource.attributes),
      })),
    ),
  )
}

function toRecord(attributes: Attributes): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue } }) => [
      key,
      stringValue ?? doubleValue ?? Number(intValue),
    ]),
  )
}
