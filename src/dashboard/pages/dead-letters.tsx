import type { OutboxPage, OutboxRow } from '../../admin-api/events.ts'
import { useApi } from '../api.ts'
import { count } from '../format.ts'
import { Nothing, Problem, Table, Time } from '../parts.tsx'
import { RerunButton } from '../rerun.tsx'
import { usePlace, withQuery } from '../router.ts'

const STATUSES = [
  ['blocked', 'Blocked', 'Kafka refused these records; the rest flows. They wait for a person.'],
  ['dead', 'Dead', 'We stopped trying. Redrive them once the cause is gone.'],
  ['retry', 'Retry', 'Their topic does not take them now. They are tried again by themselves.'],
  ['pending', 'Pending', 'Stored, and on their way.'],
] as const

const EVERY_MS = 5_000

/** Records that are not published, and why. */
export function DeadLetters() {
  const { query } = usePlace()
  const status = STATUSES.find(([name]) => name === query.get('status'))?.[0] ?? 'blocked'
  const [topic, source, after] = ['topic', 'source', 'after'].map((name) => query.get(name))
  const found = useApi<OutboxPage>(
    withQuery('/api/outbox', { status, topic, source, after }),
    EVERY_MS,
  )
  const { data } = found
  const filter = { ...(topic && { topic }), ...(source && { source }) }
  const what = STATUSES.find(([name]) => name === status)?.[2]
  return (
    <>
      <nav class="tabs" aria-label="Status">
        {STATUSES.map(([name, title]) => (
          <a
            key={name}
            href={withQuery('/dead-letters', { status: name, ...filter })}
            {...(name === status && { 'aria-current': 'page' })}
          >
            {title} <span class="count">{data === undefined ? '–' : count(data.counts[name])}</span>
          </a>
        ))}
      </nav>
      <p class="dim">{what}</p>
      <Problem error={found.error} />
      <Narrowed {...{ status, filter }} />
      {data?.entries.length === 0 && <Nothing>There are none.</Nothing>}
      {data !== undefined && data.entries.length > 0 && (
        <>
          <Entries entries={data.entries} status={status} isBusy={found.isLoading} />
          <div class="pager">
            {data.nextAfter !== null && (
              <a href={withQuery('/dead-letters', { status, ...filter, after: data.nextAfter })}>
                More
              </a>
            )}
            {(status === 'dead' || status === 'blocked') && (
              <RerunButton
                kind="redrive"
                query={{ status, ...filter }}
                label="Redrive all of these…"
              />
            )}
          </div>
        </>
      )}
    </>
  )
}

interface NarrowedProps {
  readonly status: string
  readonly filter: { readonly topic?: string; readonly source?: string }
}

function Narrowed({ status, filter }: NarrowedProps) {
  if (Object.keys(filter).length === 0) return null
  return (
    <p>
      Only {filter.topic !== undefined && <code>{filter.topic}</code>}{' '}
      {filter.source !== undefined && <>of {filter.source}</>} ·{' '}
      <a href={withQuery('/dead-letters', { status })}>show all</a>
    </p>
  )
}

interface EntriesProps {
  readonly entries: readonly OutboxRow[]
  readonly status: string
  readonly isBusy: boolean
}

const HEAD = ['Event', 'Received', 'Source', 'Type', 'Topic', { ofNumbers: 'Tries' }, 'Why']

function Entries({ entries, status, isBusy }: EntriesProps) {
  return (
    <Table label="Records, oldest first" head={HEAD} isBusy={isBusy}>
      {entries.map((entry) => (
        <tr key={entry.seq}>
          <th scope="row">
            <a data-row href={`/events/${entry.eventSeq}`} title={entry.eventId}>
              <span class="number">{entry.eventSeq}</span> <code class="id">{entry.eventId}</code>
            </a>
          </th>
          <td>
            <Time at={entry.receivedAt} />
          </td>
          <td>
            <a href={withQuery('/dead-letters', { status, source: entry.source })}>
              {entry.source}
            </a>
          </td>
          <td>
            <code class="type" title={entry.type}>
              {entry.type}
            </code>
          </td>
          <td>
            <a href={withQuery('/dead-letters', { status, topic: entry.topic })}>
              <code>{entry.topic}</code>
            </a>
          </td>
          <td class="number">{entry.attempts}</td>
          <td class="reason">
            {entry.code} {entry.reason}
            {entry.nextAt !== null && (
              <>
                {' '}
                Next try <Time at={entry.nextAt} />
              </>
            )}
          </td>
        </tr>
      ))}
    </Table>
  )
}
