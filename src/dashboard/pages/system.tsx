import type { System as Answer } from '../../admin-api/admin-api.ts'
import { useApi } from '../api.ts'
import { bytes, count, duration } from '../format.ts'
import { Ago, Badge, Fact, Problem, Time } from '../parts.tsx'

const EVERY_MS = 5_000

/** What this node is made of, and how it is. */
export function System() {
  const { data, error } = useApi<Answer>('/api/system', EVERY_MS)
  return (
    <>
      <Problem error={error} />
      {data !== undefined && (
        <div class="cards">
          <Way system={data} />
          <Kafka system={data} />
          <Storage system={data} />
          <Process system={data} />
        </div>
      )}
    </>
  )
}

interface PartProps {
  readonly system: Answer
}

function Way({ system: { relay } }: PartProps) {
  return (
    <section class="card">
      <h2>Outbox</h2>
      <dl class="facts">
        <Fact name="Waiting">{count(relay.pending)}</Fact>
        <Fact name="Oldest of them">
          {relay.pending === 0 ? '–' : duration(relay.oldestPendingMs)}
        </Fact>
        <Fact name="Wait for their topic">
          {count(relay.retry)}{' '}
          {relay.retryTopics.map((topic) => (
            <code key={topic}>{topic} </code>
          ))}
        </Fact>
        <Fact name="Blocked">
          <a href="/dead-letters">{count(relay.blocked)}</a>
        </Fact>
        <Fact name="Dead">
          <a href="/dead-letters?status=dead">{count(relay.dead)}</a>
        </Fact>
      </dl>
    </section>
  )
}

function Kafka({ system: { kafka, redis } }: PartProps) {
  return (
    <section class="card">
      <h2>Kafka and Redis</h2>
      <dl class="facts">
        <Fact name="Kafka">
          {kafka.brokers.length === 0 ? (
            'not used: records go to files'
          ) : (
            <Badge state={kafka.state} />
          )}
        </Fact>
        {kafka.brokers.length > 0 && (
          <Fact name="Brokers">
            {kafka.brokers.map((broker) => (
              <code key={broker}>{broker} </code>
            ))}
          </Fact>
        )}
        <Fact name="Last failure">
          {kafka.fault === null ? (
            'none'
          ) : (
            <span class="reason">
              {kafka.fault.code} {kafka.fault.detail}
            </span>
          )}
        </Fact>
        <Fact name="Redis">
          {redis === null ? (
            'not configured'
          ) : (
            <>
              {redis.kind} <Badge state={redis.state} />
            </>
          )}
        </Fact>
      </dl>
    </section>
  )
}

function Storage({ system: { database, disk } }: PartProps) {
  return (
    <section class="card">
      <h2>Storage</h2>
      <dl class="facts">
        <Fact name="Database">{bytes(database.bytes)}</Fact>
        <Fact name="Write-ahead log">{bytes(database.walBytes)}</Fact>
        <Fact name="Events kept">{count(database.events)}</Fact>
        <Fact name="Oldest event">
          {database.oldest === null ? '–' : <Time at={database.oldest} />}
        </Fact>
        <Fact name="Free on disk">
          {disk.freeBytes === null ? 'not watched' : bytes(disk.freeBytes)}
          <span class="dim"> nothing is taken below {bytes(disk.minBytes)}</span>
        </Fact>
      </dl>
    </section>
  )
}

function Process({ system }: PartProps) {
  return (
    <section class="card">
      <h2>Process</h2>
      <dl class="facts">
        <Fact name="State">
          <Badge state={system.state} /> {!system.ready && 'not ready: send it no events'}
        </Fact>
        <Fact name="Version">
          <code>{system.version}</code>
        </Fact>
        <Fact name="Node">
          <code>{system.node}</code>
        </Fact>
        <Fact name="Started">
          <Ago at={system.startedAt} />
        </Fact>
        <Fact name="Event loop, p99">{duration(system.eventLoopDelayP99Ms)}</Fact>
        <Fact name="Memory">{bytes(system.rssBytes)}</Fact>
        <Fact name="Open requests">
          {count(system.door.openRequests)}, {bytes(system.door.inflightBytes)} in memory
        </Fact>
      </dl>
    </section>
  )
}
