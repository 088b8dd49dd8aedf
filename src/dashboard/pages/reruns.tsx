import { useEffect, useState } from 'preact/hooks'
import type { Rerun } from '../../admin-api/reruns.ts'
import { asApiError, post, useApi, type ApiError } from '../api.ts'
import { count, duration } from '../format.ts'
import { Badge, Nothing, Problem, Table, Time } from '../parts.tsx'

/** While one runs, and otherwise. */
const EVERY_MS = { running: 1_000, done: 5_000 }

/** What was sent again, by whom, and how far it is. */
export function Reruns() {
  const [isRunning, setRunning] = useState(true)
  const everyMs = EVERY_MS[isRunning ? 'running' : 'done']
  const { data, error, reload } = useApi<{ reruns: Rerun[] }>('/api/reruns', everyMs)
  useEffect(() => {
    setRunning(data?.reruns.some(({ state }) => state === 'running') === true)
  }, [data])
  const [refusal, setRefusal] = useState<ApiError | undefined>()
  async function tell(rerun: Rerun, what: 'stop' | 'resume') {
    setRefusal(undefined)
    await post<Rerun>(`/api/reruns/${rerun.id}/${what}`).catch((reason: unknown) =>
      setRefusal(asApiError(reason)),
    )
    reload()
  }
  return (
    <>
      <p class="dim wide">
        Replay and republish start from an event or a search under <a href="/events">Events</a>,
        redrive under <a href="/dead-letters">Dead letters</a>, and what a consumer is to handle
        again under <a href="/consumers">Consumers</a>. Consumers know what comes of it by the
        header <code>inlet-replay</code>.
      </p>
      <Problem error={error ?? refusal} />
      {data?.reruns.length === 0 && <Nothing>Nothing was sent again yet.</Nothing>}
      {data !== undefined && data.reruns.length > 0 && (
        <Table label="Reruns, newest first" head={HEAD}>
          {data.reruns.map((rerun) => (
            <Row key={rerun.id} rerun={rerun} tell={(what) => void tell(rerun, what)} />
          ))}
        </Table>
      )}
    </>
  )
}

const HEAD = ['Rerun', 'Which', 'State', 'Progress', 'Begun', 'By', 'Change']

interface RowProps {
  readonly rerun: Rerun
  readonly tell: (what: 'stop' | 'resume') => void
}

function Row({ rerun, tell }: RowProps) {
  const { id, kind, query, state, done, total, failed, createdAt, finishedAt, by } = rerun
  const tookMs = finishedAt === null ? undefined : Date.parse(finishedAt) - Date.parse(createdAt)
  return (
    <tr>
      <th scope="row">
        {kind} <code class="id">{id}</code>
      </th>
      <td>
        <code>{inWords(query)}</code>
      </td>
      <td>
        <Badge state={state} />
        {rerun.reason !== null && <span class="reason">{rerun.reason}</span>}
      </td>
      <td class="progress">
        <progress max={Math.max(1, total ?? done)} value={done} aria-label={`Progress of ${id}`} />
        <span>
          {count(done)} of {total === null ? 'many' : count(total)}
          {failed > 0 && <b>, {count(failed)} failed</b>}
        </span>
      </td>
      <td>
        <Time at={createdAt} />
        {tookMs !== undefined && <span class="dim"> took {duration(tookMs)}</span>}
      </td>
      <td>{by}</td>
      <td>
        {state === 'running' && (
          <button type="button" data-row onClick={() => tell('stop')}>
            Stop
          </button>
        )}
        {(state === 'stopped' || state === 'failed') && (
          <button type="button" data-row onClick={() => tell('resume')}>
            Resume
          </button>
        )}
      </td>
    </tr>
  )
}

function inWords(query: Rerun['query']): string {
  const words = Object.entries(query).map(([name, value]) => `${name}=${String(value)}`)
  return words.length === 0 ? 'everything' : words.join(' ')
}
