import type { OutboxEntry } from '../outbox.ts'

/**
 * A topic that is back gets this many batches before the straight path gets one: its queue shrinks
 * while traffic goes on.
 */
export const DRAIN_BATCHES_PER_TURN = 4

/**
 * Length, timestamp, offset and the CloudEvents header names of one record, and a `traceparent`,
 * rounded up from 140 and 68 bytes.
 */
const RECORD_OVERHEAD_BYTES = 250

/** A UTF-16 unit is at most this many bytes of UTF-8. */
const UTF8_BYTES_PER_UNIT_MAX = 3

/**
 * As many entries from the front as fit into one record batch, keys and headers included; at least
 * one.
 */
export function cut(entries: readonly OutboxEntry[], bytesMax: number): readonly OutboxEntry[] {
  let bytes = 0
  const end = entries.findIndex((entry, index) => {
    const { key, headers, source, eventId, type, contentType } = entry
    const text = [key, headers ?? '', source, eventId, type, contentType].join('')
    bytes += entry.value.byteLength + text.length * UTF8_BYTES_PER_UNIT_MAX + RECORD_OVERHEAD_BYTES
    return bytes > bytesMax && index > 0
  })
  return end === -1 ? entries : entries.slice(0, end)
}
