import { useEffect, useReducer, useState } from 'preact/hooks'
import type { TailRow } from '../../admin-api/events.ts'
import { counted } from '../format.ts'
import { Badge, Nothing, Table, Time } from '../parts.tsx'
import { navigate, usePlace, withQuery } from '../router.ts'

/** What is kept: more than a window shows, and little enough to stay quick. */
const ROWS_MAX = 300

interface Shown {
  readonly rows: readonly (TailRow & { readonly n: number })[]
  /** What came while it was paused, newest first. */
  readonly held: readonly (TailRow & { readonly n: number })[]
  readonly isPaused: boolean
  readonly seen: number
  /** What the gateway left out, because this browser was too slow. */
  readonly dropped: number
}

type Change =
  | { readonly kind: 'came'; readonly row: TailRow }
  | { readonly kind: 'dropped'; readonly count: number }
  | { readonly kind: 'pause' | 'clear' }

const EMPTY: Shown = { rows: [], held: [], isPaused: false, seen: 0, dropped: 0 }

function change(shown: Shown, next: Change): Shown {
  switch (next.kind) {
    case 'came': {
      const seen = shown.seen + 1
      const place = shown.isPaused ? 'held' : 'rows'
      const rows = [{ ...next.row, n: seen }, ...shown[place]].slice(0, ROWS_MAX)
      return { ...shown, seen, [place]: rows }
    }
    case 'dropped':
      return { ...shown, dropped: shown.dropped + next.count }
    case 'clear':
      return { ...EMPTY, isPaused: shown.isPaused }
    case 'pause':
    default: {
      if (!shown.isPaused) return { ...shown, isPaused: true }
      const rows = [...shown.held, ...shown.rows].slice(0, ROWS_MAX)
      return { ...shown, rows, held: [], isPaused: false }
    }
  }
}

/** Deliveries as they are answered. */
export function Live() {
  const { query } = usePlace()
  const source = query.get('source') ?? ''
  const outcome = query.get('outcome') ?? ''
  const [shown, tell] = useReducer(change, EMPTY)
  const isOpen = useTail(source, tell)
  const rows = shown.rows.filter((row) => outcome === '' || row.outcome === outcome)
  return (
    <>
      <form class="filters" aria-label="Live" onSubmit={(event) => event.preventDefault()}>
        <label>
          Source
          <input
            type="search"
            data-search
            defaultValue={source}
            placeholder="all"
            onChange={(event) =>
              navigate(withQuery('/live', { source: event.currentTarget.value.trim(), outcome }))
            }
          />
        </label>
        <label>
          Outcome
          <select
            onChange={(event) =>
              navigate(withQuery('/live', { source, outcome: event.currentTarget.value }))
            }
          >
            {['', 'accepted', 'duplicate', 'refused'].map((option) => (
              <option key={option} value={option} selected={option === outcome}>
                {option === '' ? 'any' : option}
              </option>
            ))}
          </select>
        </label>
        <div class="buttons wide">
          <button
            type="button"
            aria-pressed={shown.isPaused}
            onClick={() => tell({ kind: 'pause' })}
          >
            {shown.isPaused ? `Go on (${shown.held.length} new)` : 'Pause'}
          </button>
          <button type="button" onClick={() => tell({ kind: 'clear' })}>
            Clear
          </button>
          <Badge state={isOpen ? 'up' : 'starting'}>{isOpen ? 'connected' : 'connecting'}</Badge>
        </div>
      </form>
      {shown.dropped > 0 && (
        <p class="dim">
          {counted(shown.dropped, 'delivery', 'deliveries')} left out: they came faster than this
          browser took them. All of them are under <a href="/events">Events</a>.
        </p>
      )}
      {rows.length === 0 ? <Nothing>Waiting for deliveries.</Nothing> : <Rows rows={rows} />}
    </>
  )
}

/** Whether the gateway tells us of deliveries; the browser connects again by itself. */
function useTail(source: string, tell: (change: Change) => void): boolean {
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    tell({ kind: 'clear' })
    const tail = new EventSource(withQuery('/api/tail', { source }))
    tail.addEventListener('open', () => setOpen(true))
    tail.addEventListener('error', () => setOpen(false))
    tail.addEventListener('delivery', (event: MessageEvent<string>) =>
      tell({ kind: 'came', row: JSON.parse(event.data) as TailRow }),
    )
    tail.addEventListener('dropped', (event: MessageEvent<string>) =>
      tell({ kind: 'dropped', count: (JSON.parse(event.data) as { count: number }).count }),
    )
    return () => tail.close()
  }, [source])
  return isOpen
}

const HEAD = ['Answered', 'Outcome', 'Source', 'Type', 'Event', 'State']

function Rows({ rows }: Pick<Shown, 'rows'>) {
  return (
    <Table label="Deliveries, newest first" head={HEAD}>
      {rows.map((row) => (
        <tr key={row.n}>
          <td>
            <Time at={row.at} />
          </td>
          <td>
            <Badge state={row.outcome} />
          </td>
          <td>{row.source ?? <span class="dim">unknown</span>}</td>
          <td>
            <code class="type" title={row.type ?? ''}>
              {row.type}
            </code>
          </td>
          <td>
            {row.seq === null ? (
              <code class="id">{row.eventId}</code>
            ) : (
              <a data-row href={`/events/${row.seq}`}>
                <span class="number">{row.seq}</span> <code class="id">{row.eventId}</code>
              </a>
            )}
          </td>
          <td>
            {row.state !== null && <Badge state={row.state} />}
            {row.reason !== null && <span class="reason">{row.reason}</span>}
          </td>
        </tr>
      ))}
    </Table>
  )
}
