/** Limits of tracing; see limits.ts. */

/** Spans that wait to be sent: 2 MB. Above it the new ones are dropped, and counted. */
export const TRACE_QUEUE_SPANS_MAX = 8_192

/** Spans in one request: 250 kB of JSON, which takes the thread 1 ms. */
export const TRACE_BATCH_SPANS_MAX = 512

/** How long a span waits for others, in ms. */
export const TRACE_WAIT_MS = 1_000

/** How long a collector may take to answer, in ms. */
export const TRACE_EXPORT_MS_MAX = 5_000

/** How long a process that ends may take to send what is left, in ms: less than a relay's stop. */
export const TRACE_LAST_MS_MAX = 500
