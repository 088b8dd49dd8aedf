import type { EpochMs } from '../clock.ts'
import type { TraceContext } from '../trace-context.ts'

/** OTLP's numbers for what a span is to the others. */
export const SPAN_KIND = { internal: 1, producer: 4, consumer: 5 } as const

/** Something that took time, after it has ended. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly kind: (typeof SPAN_KIND)[keyof typeof SPAN_KIND]
  /** With a fraction. */
  readonly startedAt: EpochMs
  readonly ms: number
  /** Names are OpenTelemetry's where it has one; what is undefined is left out. */
  readonly attributes: Readonly<Record<string, string | number | undefined>>
  /** Why it failed, in one line without payload; absent where it did not. */
  readonly error?: string | undefined
  /** Another span that it has to do with. */
  readonly link?: TraceContext | undefined
}

/** Takes spans, and never makes anybody wait. */
export type Emit = (span: Span) => void
