/**
 * CloudEvents 1.0: an event that carries its own identity and description.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
import type { ParsedBody } from '../delivery.ts'
import type { OutboxRecord } from '../record.ts'

/**
 * The attributes of an event as strings, by their names: `id`, `source`, `type`, …, and extensions.
 * Without `datacontenttype`, which describes the data and travels with it.
 */
export interface Attributes extends Readonly<Record<string, string>> {
  readonly id: string
  readonly source: string
  readonly type: string
}

/** An event as its sender made it. */
export interface CloudEvent {
  /** Its position in a batch, from 0; undefined where the request is one event. */
  readonly element?: number
  readonly attributes: Attributes
  /** The exact bytes of its data; empty where it has none. */
  readonly data: Uint8Array
  /** Empty where there is no data, and nothing was said of it. */
  readonly contentType: string
  readonly parsed: ParsedBody
}

/**
 * What makes an event recognisable within its caller. A source is a URI reference and has no
 * spaces, so no two pairs of source and id give the same text.
 */
export function identityOf({ source, id }: Attributes): string {
  return `${source} ${id}`
}

/** Records with the same key keep their order: the extension made for it, else what it is about. */
export function partitionKeyOf(attributes: Attributes): string {
  return attributes['partitionkey'] || attributes['subject'] || attributes.id
}

/** The attributes as headers of a Kafka record, binary mode. */
export function attributeHeaders(attributes: Attributes): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(attributes).map(([name, text]) => [`ce_${name}`, text]))
}

/**
 * The records of an event, described by its own attributes. `dataschema` is said only of the data
 * that it describes: not of a value that a handler made.
 */
export function describeRecords(
  records: readonly OutboxRecord[],
  attributes: Attributes,
): readonly OutboxRecord[] {
  const described = attributeHeaders(attributes)
  const { ce_dataschema: _, ...ofAnyValue } = described
  return records.map((record) => {
    const own = (record.headers === null ? {} : JSON.parse(record.headers)) as Attributes
    const ours = record.value === null ? described : ofAnyValue
    const { ce_type: type = ours['ce_type'] } = own
    return { ...record, headers: JSON.stringify({ ...own, ...ours, ce_type: type }) }
  })
}
