import type { Clock } from '../clock.ts'
import { GatewayError } from '../faults/faults.ts'
import { randomSpanId } from '../ids.ts'
import type { Landed, PublishRecord } from '../record.ts'
import { formatTraceparent, parseTraceparent, TRACEPARENT } from '../trace-context.ts'
import type { TraceContext } from '../trace-context.ts'
import type { Sampler } from './sampler.ts'
import { SPAN_KIND, type Emit } from './span.ts'

/** What `messaging.system` and `messaging.client.id` say. */
export interface SendNames {
  readonly system: string
  readonly clientId: string
}

export interface SendsPorts extends SendNames {
  readonly clock: Clock
  readonly sampler: Sampler
  readonly emit: Emit
}

/** Sends records; the relay says what its answer promises. */
export interface Sender {
  publish(records: readonly PublishRecord[]): Promise<readonly Landed[]>
}

/** A record on its way, with the span of this send where it is traced. */
interface Sent {
  readonly record: PublishRecord
  readonly spanId?: string
  /** What the record itself names, where its handler chose that. */
  readonly link?: TraceContext | undefined
}

/**
 * Traces each record that is sent, in the trace of its event: its `traceparent` names the span of
 * the send, unless its handler has set one, which then stays, and is linked.
 */
export function traceSends(publisher: Sender, ports: SendsPorts): Sender {
  const { clock, sampler } = ports
  return {
    async publish(records) {
      const sent = records.map((record) => begin(record, sampler))
      if (!sent.some(({ spanId }) => spanId !== undefined)) return publisher.publish(records)

      const startedAt = clock.now()
      const startedMs = clock.monotonicMs()
      const timing = () => ({ startedAt, ms: clock.monotonicMs() - startedMs })
      try {
        const landed = await publisher.publish(sent.map(({ record }) => record))
        end(sent, { ...ports, ...timing(), landed })
        return landed
      } catch (error) {
        end(sent, { ...ports, ...timing(), landed: [], error })
        throw error
      }
    },
  }
}

function begin(record: PublishRecord, sampler: Sampler): Sent {
  const { trace, headers } = record
  if (trace === undefined || !sampler(trace.traceId, trace)) return { record }
  const spanId = randomSpanId()
  const named = headers[TRACEPARENT]
  if (named !== formatTraceparent(trace)) {
    return { record, spanId, link: parseTraceparent(named) }
  }
  const traceparent = formatTraceparent({ ...trace, spanId, isSampled: true })
  const renamed = { ...record, headers: { ...headers, [TRACEPARENT]: traceparent } }
  return { record: renamed, spanId }
}

interface End extends SendsPorts {
  readonly startedAt: number
  readonly ms: number
  readonly landed: readonly Landed[]
  readonly error?: unknown
}

function end(sent: readonly Sent[], { emit, landed, error, ...ports }: End): void {
  const { startedAt, ms } = ports
  const places = placesOf(landed)
  const code = error instanceof GatewayError ? error.code : undefined
  for (const [position, { record, spanId, link }] of sent.entries()) {
    const { topic, key, value, headers, trace } = record
    if (spanId === undefined || trace === undefined) continue
    const place = places.get(position)
    emit({
      traceId: trace.traceId,
      spanId,
      parentSpanId: trace.spanId,
      name: `send ${topic}`,
      kind: SPAN_KIND.producer,
      startedAt,
      ms,
      link,
      attributes: {
        'messaging.system': ports.system,
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': topic,
        'messaging.destination.partition.id': place && String(place.partition),
        'messaging.client.id': ports.clientId,
        'messaging.message.id': headers['ce_id'],
        'messaging.message.body.size': value.byteLength,
        'messaging.kafka.message.key': key,
        'messaging.kafka.offset': place?.offset,
        'cloudevents.event_type': headers['ce_type'],
        'error.type': error === undefined ? undefined : (code ?? '_OTHER'),
      },
      error: error === undefined ? undefined : 'the records of this send were not acknowledged',
    })
  }
}

/** Where each record landed, by its position in the list that was sent. */
function placesOf(landed: readonly Landed[]) {
  const places = new Map<number, { readonly partition: number; readonly offset: number }>()
  for (const { partition, baseOffset, positions } of landed) {
    const first = Number(baseOffset)
    for (const [n, at] of positions.entries()) places.set(at, { partition, offset: first + n })
  }
  return places
}
