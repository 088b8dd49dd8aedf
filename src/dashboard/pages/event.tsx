import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { EventDetail, RecordRow } from '../../admin-api/events.ts'
import { useApi } from '../api.ts'
import { Body } from '../body.tsx'
import { bytes, counted, duration } from '../format.ts'
import { Badge, Copy, Fact, Problem, Time } from '../parts.tsx'
import { RerunButton } from '../rerun.tsx'
import { withQuery } from '../router.ts'

/** While something is still to come. A body of 1 MiB is not asked for again without need. */
const EVERY_MS = 3_000

/** One event: what it is, how far it came, and its bytes. */
export function Event({ seq }: { readonly seq: string }) {
  const [isSettled, setSettled] = useState(false)
  const { data, error } = useApi<EventDetail>(`/api/events/${seq}`, isSettled ? 0 : EVERY_MS)
  useEffect(() => setSettled(data !== undefined && settled(data)), [data])
  return (
    <>
      <Problem error={error} />
      {data !== undefined && (
        <>
          <Summary event={data} />
          <Timeline event={data} />
          {data.damage === null ? (
            <Body label="Body" base64={data.bodyBase64} download={`/api/events/${data.seq}/body`} />
          ) : (
            <p class="problem">{data.damage}</p>
          )}
          <Values records={data.records} />
          <Headers title="Headers that are kept" headers={data.headers} />
          <Variants event={data} />
        </>
      )}
    </>
  )
}

function settled({ nextTryAt, records }: EventDetail): boolean {
  return nextTryAt === null && records.every(({ status }) => status === 'published')
}

function Summary({ event }: { readonly event: EventDetail }) {
  const query = { seqs: [event.seq] }
  return (
    <section class="summary" aria-label="Facts">
      <dl class="facts">
        <Fact name="Event id" isWide>
          <Copy text={event.eventId} what="the event id" />
        </Fact>
        <Fact name="Source">
          <a href={`/sources/${event.source}`}>{event.source}</a>
        </Fact>
        <Fact name="Type">
          <a href={withQuery('/events', { source: event.source, type: event.type })}>
            <code>{event.type}</code>
          </a>
        </Fact>
        <Fact name="State">
          <Badge state={event.state} />
          {event.reason !== null && <span class="reason">{event.reason}</span>}
        </Fact>
        <Fact name="Partition key">
          <a href={withQuery('/events', { source: event.source, key: event.key })}>
            <code>{event.key}</code>
          </a>
        </Fact>
        <Fact name="Content type">
          <code>{event.contentType}</code>
        </Fact>
        {event.traceId !== null && (
          <Fact name="Trace" isWide>
            <Copy text={event.traceId} what="the trace id" />
          </Fact>
        )}
        {event.batch !== null && (
          <Fact name="Came with">
            events {event.batch.seqFirst} to {event.batch.seqLast}, {bytes(event.batch.bodyBytes)}
          </Fact>
        )}
      </dl>
      <p class="actions">
        <RerunButton kind="replay" query={query} label="Replay…" />
        {event.records.length > 0 && (
          <RerunButton kind="republish" query={query} label="Republish…" />
        )}
      </p>
    </section>
  )
}

function Timeline({ event }: { readonly event: EventDetail }) {
  return (
    <section>
      <h2>What became of it</h2>
      <ol class="timeline">
        <Step tone="good" name="Received and stored" at={event.receivedAt}>
          {event.source} · event {event.seq} · {bytes(event.bodyBytes)} on disk before the ack
        </Step>
        <Handled event={event} />
        {event.records.map((record) => (
          <Published key={record.seq} record={record} receivedAt={event.receivedAt} />
        ))}
      </ol>
    </section>
  )
}

interface StepProps {
  readonly tone: string
  readonly name: string
  readonly at?: string | null
  readonly children: ComponentChildren
}

function Step({ tone, name, at = null, children }: StepProps) {
  return (
    <li class={tone}>
      <b>{name}</b> {at !== null && <Time at={at} />}
      <div>{children}</div>
    </li>
  )
}

/** What its handler made of it. */
const HANDLED = {
  accepted: { tone: 'good', name: 'Handled' },
  ignored: { tone: 'calm', name: 'Ignored' },
  invalid: { tone: 'bad', name: 'Does not match its schema' },
  failed: { tone: 'bad', name: 'Its handler failed' },
} as const

function Handled({ event }: { readonly event: EventDetail }) {
  const { state, reason, records, attempts, nextTryAt } = event
  return (
    <Step {...HANDLED[state]}>
      {state === 'accepted' && counted(records.length, 'record')}
      {reason}
      {attempts !== null && <p>{counted(attempts, 'try', 'tries')} so far.</p>}
      {nextTryAt !== null && (
        <p>
          Next try <Time at={nextTryAt} />
        </p>
      )}
    </Step>
  )
}

const STATUS_TONES = {
  pending: 'busy',
  published: 'good',
  retry: 'warn',
  blocked: 'bad',
  dead: 'bad',
} as const

const STATUS_NAMES = {
  pending: 'Waits to be published',
  published: 'Published',
  retry: 'Waits for its topic',
  blocked: 'Blocked: Kafka refused it',
  dead: 'Dead letter',
} as const

function Published({ record, receivedAt }: { record: RecordRow; receivedAt: string }) {
  const { status, landed, code, reason, topic, attempts, nextAt, replay, key } = record
  const at = landed?.at ?? null
  const afterMs = at === null ? null : Math.max(0, Date.parse(at) - Date.parse(receivedAt))
  return (
    <Step tone={STATUS_TONES[status]} name={STATUS_NAMES[status]} at={at}>
      <code>{topic}</code>
      {landed !== null && (
        <>
          {' '}
          partition <b>{landed.partition}</b>, offset <b>{landed.offset}</b>
          {replay === null && afterMs !== null && `, ${duration(afterMs)} after receipt`}
        </>
      )}
      {' · '}key <code>{key}</code>
      {replay !== null && (
        <>
          {' · '}from <a href="/reruns">rerun</a> <code>{replay}</code>
        </>
      )}
      {status !== 'published' && (code !== null || reason !== null) && (
        <p class="reason">
          {code} {reason} {attempts > 0 && `(${counted(attempts, 'try', 'tries')})`}
        </p>
      )}
      {nextAt !== null && (
        <p>
          Next try <Time at={nextAt} />
        </p>
      )}
    </Step>
  )
}

function Values({ records }: { readonly records: readonly RecordRow[] }) {
  return (
    <>
      {records.map(({ seq, n, valueBase64, headers, topic }) => (
        <details key={seq}>
          <summary>
            Record {n + 1} for <code>{topic}</code>:{' '}
            {valueBase64 === null ? 'the body, unchanged' : 'a value of its own'}
          </summary>
          <Headers title="Headers" headers={headers} />
          {valueBase64 !== null && <Body label={`Value of record ${n + 1}`} base64={valueBase64} />}
        </details>
      ))}
    </>
  )
}

interface HeadersProps {
  readonly title: string
  readonly headers: Readonly<Record<string, string>>
}

function Headers({ title, headers }: HeadersProps) {
  const entries = Object.entries(headers)
  if (entries.length === 0) return null
  return (
    <section>
      <h2>{title}</h2>
      <dl class="facts headers">
        {entries.map(([name, value]) => (
          <Fact key={name} name={name}>
            <code>{value}</code>
          </Fact>
        ))}
      </dl>
    </section>
  )
}

function Variants({ event: { variants } }: { readonly event: EventDetail }) {
  if (variants === null) return null
  const { count, firstReceivedAt, firstBodyBase64 } = variants
  return (
    <section>
      <h2>The same id with other bytes</h2>
      <p>
        {counted(count, 'delivery', 'deliveries')}, the first <Time at={firstReceivedAt} />. They
        were answered as duplicates, and nothing of them was published.
      </p>
      <Body label="The first of them" base64={firstBodyBase64} />
    </section>
  )
}
