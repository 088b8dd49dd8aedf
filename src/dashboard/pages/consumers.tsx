import { useState } from 'preact/hooks'
import type { ConsumerRow } from '../../admin-api/consumers.ts'
import { systemClock } from '../../clock.ts'
import { asApiError, post, useApi, type ApiError } from '../api.ts'
import { count, counted } from '../format.ts'
import { Ago, Badge, Nothing, Problem, Table } from '../parts.tsx'
import { RerunButton } from '../rerun.tsx'

const EVERY_MS = 2_000

const HEAD = [
  'Topic',
  { ofNumbers: 'Partition' },
  { ofNumbers: 'Position' },
  { ofNumbers: 'Lag' },
  { ofNumbers: 'In memory' },
]

/** What reads from Kafka, and how far it is. */
export function Consumers() {
  const { data, error, reload } = useApi<{ consumers: ConsumerRow[] }>('/api/consumers', EVERY_MS)
  return (
    <>
      <Problem error={error} />
      {data?.consumers.length === 0 && (
        <Nothing>
          No handler file defines a consumer: see <code>defineConsumer</code>.
        </Nothing>
      )}
      {data?.consumers.map((consumer) => (
        <Consumer key={consumer.name} consumer={consumer} onChange={reload} />
      ))}
    </>
  )
}

interface ConsumerProps {
  readonly consumer: ConsumerRow
  readonly onChange: () => void
}

function Consumer({ consumer, onChange }: ConsumerProps) {
  const { name, state, reason, partitions, lag, processed, retries } = consumer
  const { dead, lost, fetchedAt } = consumer
  return (
    <section aria-label={name}>
      <h2>
        {name} <Badge state={state} />
      </h2>
      <p>
        {counted(lag, 'record')} behind · {count(processed)} processed ·{' '}
        {counted(retries, 'retry', 'retries')} · {count(dead)} given up · last fetched{' '}
        <Ago at={fetchedAt} />
      </p>
      {reason !== null && <p class="dim">{reason}</p>}
      {lost > 0 && <p>Kafka deleted {counted(lost, 'offset')} before they were read.</p>}
      {partitions.length > 0 && (
        <Table label={`Partitions of ${name}`} head={HEAD} isNarrow>
          {partitions.map((each) => (
            <tr key={`${each.topic}/${each.partition}`}>
              <th scope="row">
                <code>{each.topic}</code>
              </th>
              <td class="number">{each.partition}</td>
              <td class="number">{count(each.position)}</td>
              <td class="number">{count(each.lag)}</td>
              <td class="number">{count(each.unfinished)}</td>
            </tr>
          ))}
        </Table>
      )}
      {state !== 'stopped' && <Hold consumer={consumer} onChange={onChange} />}
    </section>
  )
}

/** How far back somebody lets it begin again. */
const REACHES = [
  ['the last hour', 1],
  ['the last 12 hours', 12],
  ['the last day', 24],
  ['the last week', 7 * 24],
] as const
const HOUR_MS = 3_600_000

/** Pauses, lets it go on, and has it handle again what it has handled. */
function Hold({ consumer: { name, state, keepsState }, onChange }: ConsumerProps) {
  const [error, setError] = useState<ApiError | undefined>()
  const [hours, setHours] = useState(1)
  const from = new Date(systemClock.now() - hours * HOUR_MS).toISOString()
  const action = state === 'paused' ? 'resume' : 'pause'
  async function act() {
    setError(undefined)
    await post(`/api/consumers/${encodeURIComponent(name)}/${action}`).catch((reason: unknown) =>
      setError(asApiError(reason)),
    )
    onChange()
  }
  return (
    <p>
      <button type="button" aria-label={`${action} ${name}`} onClick={() => void act()}>
        {action === 'pause' ? 'Pause' : 'Resume'}
      </button>{' '}
      {!keepsState && (
        <>
          <RerunButton kind="reconsume" query={{ consumer: name, from }} label="Replay…" />{' '}
          <label class="inline">
            of{' '}
            <select onChange={(event) => setHours(Number(event.currentTarget.value))}>
              {REACHES.map(([words, reach]) => (
                <option key={reach} value={reach}>
                  {words}
                </option>
              ))}
            </select>
          </label>
        </>
      )}
      <Problem error={error} />
    </p>
  )
}
