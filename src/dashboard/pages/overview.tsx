import type { Overview as Answer } from '../../admin-api/admin-api.ts'
import { useApi } from '../api.ts'
import { Chart } from '../chart.tsx'
import { count, duration } from '../format.ts'
import { Ago, Badge, Nothing, Problem, Table } from '../parts.tsx'
import { withQuery } from '../router.ts'

const EVERY_MS = 5_000

/** How it goes, in one look. */
export function Overview() {
  const { data, error } = useApi<Answer>('/api/overview', EVERY_MS)
  return (
    <>
      <Problem error={error} />
      {data !== undefined && (
        <>
          <Tiles {...data} />
          <Charts {...data} />
          <BySource {...data} />
        </>
      )}
    </>
  )
}

interface TileProps {
  readonly name: string
  readonly value: string
  readonly note: string
  readonly href: string
  readonly isBad?: boolean
}

function Tile({ name, value, note, href, isBad = false }: TileProps) {
  return (
    <a class={isBad ? 'tile bad' : 'tile'} href={href}>
      <span class="name">{name}</span>
      <span class="value">{value}</span>
      <span class="note">{note}</span>
    </a>
  )
}

function Tiles({ perMinute, relay }: Answer) {
  const sum = (of: 'accepted' | 'refused' | 'unhandled') =>
    perMinute.reduce((total, minute) => total + minute[of], 0)
  // The minute that runs is not over.
  const last = perMinute.at(-2)
  const acks = perMinute.flatMap(({ ackP99Ms }) => (ackP99Ms === null ? [] : [ackP99Ms]))
  const ack = acks.at(-1)
  const stuck = relay.blocked + relay.dead
  const waits = relay.pending === 0 ? 'nothing waits' : `oldest ${duration(relay.oldestPendingMs)}`
  return (
    <div class="tiles">
      <Tile
        name="Accepted"
        value={`${count(last?.accepted ?? 0)}/min`}
        note={`${count(sum('accepted'))} in the last hour`}
        href="/events"
      />
      <Tile
        name="Time to the ack, p99"
        value={ack === undefined ? '–' : duration(ack)}
        note={acks.length === 0 ? 'no delivery yet' : `at most ${duration(Math.max(...acks))}`}
        href="/live"
      />
      <Tile
        name="Waiting for Kafka"
        value={count(relay.pending)}
        note={relay.state === 'down' ? 'Kafka does not answer' : waits}
        href="/system"
        isBad={relay.state === 'down'}
      />
      <Tile
        name="Blocked or dead"
        value={count(stuck)}
        note={relay.retry === 0 ? 'records' : `and ${count(relay.retry)} wait for a topic`}
        href={relay.dead === 0 ? '/dead-letters' : '/dead-letters?status=dead'}
        isBad={stuck > 0}
      />
      <Tile name="Refused" value={count(sum('refused'))} note="in the last hour" href="/sources" />
      <Tile
        name="Not handled"
        value={count(sum('unhandled'))}
        note="in the last hour"
        href="/events?state=failed"
        isBad={sum('unhandled') > 0}
      />
    </div>
  )
}

function Charts({ perMinute }: Answer) {
  const at = perMinute.map((minute) => minute.at)
  const series = (of: 'accepted' | 'duplicate' | 'refused' | 'unhandled' | 'published') =>
    perMinute.map((minute) => minute[of])
  return (
    <div class="charts">
      <Chart
        title="Deliveries a minute"
        at={at}
        shape="bars"
        format={count}
        series={[
          { name: 'accepted', tone: 'tone-1', values: series('accepted') },
          { name: 'duplicate', tone: 'tone-2', values: series('duplicate') },
          { name: 'refused', tone: 'tone-3', values: series('refused') },
        ]}
      />
      <Chart
        title="Published a minute"
        at={at}
        shape="bars"
        format={count}
        series={[{ name: 'records', tone: 'tone-1', values: series('published') }]}
      />
      <Chart
        title="Time to the ack"
        at={at}
        shape="line"
        format={duration}
        series={[
          { name: 'p99', tone: 'tone-4', values: perMinute.map(({ ackP99Ms }) => ackP99Ms) },
        ]}
      />
    </div>
  )
}

const HEAD = [
  'Source',
  ...['Accepted', 'Duplicate', 'Refused', 'Not handled'].map((ofNumbers) => ({ ofNumbers })),
  'Last delivery',
]

function Unhandled({ source }: { readonly source: string }) {
  return (
    <>
      {' '}
      <a href={withQuery('/events', { source, state: 'failed' })}>failed</a>{' '}
      <a href={withQuery('/events', { source, state: 'invalid' })}>invalid</a>
    </>
  )
}

function BySource({ sources, startedAt }: Answer) {
  return (
    <section>
      <h2>By source</h2>
      <p class="dim">
        Counted since this process started, <Ago at={startedAt} />.
      </p>
      {sources.length === 0 && <Nothing>No source is configured.</Nothing>}
      {sources.length > 0 && (
        <Table label="Deliveries by source" head={HEAD}>
          {sources.map((source) => (
            <tr key={source.name}>
              <th scope="row">
                <a data-row href={`/sources/${source.name}`}>
                  {source.name}
                </a>
              </th>
              <td class="number">{count(source.accepted)}</td>
              <td class="number">{count(source.duplicate)}</td>
              <td class="number">
                {source.refused === 0 ? (
                  '0'
                ) : (
                  <Badge state="refused">{count(source.refused)}</Badge>
                )}
              </td>
              <td class="number">
                {count(source.unhandled)}
                {source.unhandled > 0 && <Unhandled source={source.name} />}
              </td>
              <td>
                <Ago at={source.lastReceivedAt} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  )
}
