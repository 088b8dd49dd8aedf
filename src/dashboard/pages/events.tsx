import { useEffect, useRef } from 'preact/hooks'
import type { EventRow, EventsPage } from '../../admin-api/events.ts'
import type { Rerun } from '../../admin-api/reruns.ts'
import { useApi } from '../api.ts'
import { bytes, fromInput, toInput } from '../format.ts'
import { isSearchWanted } from '../keys.ts'
import { Badge, Nothing, Problem, Table, Time } from '../parts.tsx'
import { RerunButton } from '../rerun.tsx'
import { navigate, usePlace, withQuery } from '../router.ts'

const STATES = ['accepted', 'ignored', 'invalid', 'failed'] as const
const RECORDS = ['retry', 'blocked', 'dead'] as const
const FILTERS = [
  'id',
  'text',
  'source',
  'type',
  'state',
  'records',
  'key',
  'since',
  'until',
] as const

/** Events on one page: the gateway answers fewer where looking for them took too long. */
const EVENTS_PER_PAGE = 50

type Filter = Partial<Record<(typeof FILTERS)[number], string>>

/** Finds events; what is looked for is in the address. */
export function Events() {
  const { query } = usePlace()
  const filter: Filter = Object.fromEntries(
    FILTERS.flatMap((name) => (query.has(name) ? [[name, query.get(name)]] : [])),
  ) as Filter
  const before = query.get('before')
  const found = useApi<EventsPage>(
    withQuery('/api/events', { ...filter, before, limit: EVENTS_PER_PAGE }),
  )
  return (
    <>
      <FilterForm filter={filter} onReload={found.reload} />
      {Object.keys(filter).length > 0 && <Again filter={filter} />}
      <Problem error={found.error} />
      {found.data !== undefined && (
        <Found page={found.data} filter={filter} before={before} isBusy={found.isLoading} />
      )}
    </>
  )
}

/** What can be done with all that match. */
function Again({ filter }: { readonly filter: Filter }) {
  // From an address that anybody may write: the gateway checks it.
  const query = filter as Rerun['query']
  return (
    <p class="actions">
      All that match: <RerunButton kind="replay" query={query} label="Replay…" />
      <RerunButton kind="republish" query={query} label="Republish…" />
    </p>
  )
}

interface FilterFormProps {
  readonly filter: Filter
  readonly onReload: () => void
}

function FilterForm({ filter, onReload }: FilterFormProps) {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    // The back button changes what was looked for; what is being typed it leaves alone.
    for (const field of form.current?.elements ?? []) {
      if (!isField(field)) continue
      const value = filter[field.name as keyof Filter] ?? ''
      field.value = field.type === 'datetime-local' ? toInput(value) : value
    }
  }, [JSON.stringify(filter)])
  useEffect(() => {
    if (isSearchWanted.get()) form.current?.querySelector<HTMLElement>('[data-search]')?.focus()
    isSearchWanted.set(false)
  }, [])
  function search(element: HTMLFormElement) {
    const values = Object.fromEntries(
      [...new FormData(element)].flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value.trim()]] : [],
      ),
    ) as Record<string, string>
    const since = fromInput(values['since'] ?? '')
    const until = fromInput(values['until'] ?? '')
    const href = withQuery('/events', { ...values, since, until })
    // The same question once more: there may be newer answers.
    if (href === location.pathname + location.search) onReload()
    else navigate(href)
  }
  const submit = () => form.current?.requestSubmit()
  return (
    <form
      ref={form}
      class="filters"
      role="search"
      aria-label="Events"
      onSubmit={(event) => {
        event.preventDefault()
        search(event.currentTarget)
      }}
    >
      <Field name="id" label="Event id" isSearch />
      <Field name="text" label="Text in the body" />
      <Field name="source" label="Source" />
      <Field name="type" label="Type" />
      <Choice name="state" label="State" options={STATES} onChange={submit} />
      <Choice
        name="records"
        label="Records"

        options={RECORDS}
        onChange={submit}
      />
      <Field name="key" label="Partition key" />
      <TimeField name="since" label="From" />
      <TimeField name="until" label="Before" />
      <div class="buttons">
        <button type="submit" class="primary">
          Search
        </button>
        {Object.keys(filter).length > 0 && <a href="/events">Clear</a>}
      </div>
    </form>
  )
}

function isField(element: Element): element is HTMLInputElement | HTMLSelectElement {
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement
}

interface FieldProps {
  readonly name: string
  readonly label: string
  readonly isSearch?: boolean
}

function Field({ name, label, isSearch = false }: FieldProps) {
  return (
    <label>
      {label}
      <input
        type="search"
        name={name}
        autocomplete="off"
        spellcheck={false}
        {...(isSearch && { 'data-search': true, placeholder: 'press /' })}
      />
    </label>
  )
}

function TimeField({ name, label }: FieldProps) {
  return (
    <label>
      {label}
      <input type="datetime-local" name={name} step={1} />
    </label>
  )
}

interface ChoiceProps extends FieldProps {
  readonly options: readonly string[]
  readonly onChange: () => void
}

function Choice({ name, label, options, onChange }: ChoiceProps) {
  return (
    <label>
      {label}
      <select name={name} onChange={onChange}>
        {['', ...options].map((option) => (
          <option key={option} value={option}>
            {option === '' ? 'any' : option}
          </option>
        ))}
      </select>
    </label>
  )
}

interface FoundProps {
  readonly page: EventsPage
  readonly filter: Filter
  readonly before: string | null
  readonly isBusy: boolean
}

function Found({ page, filter, before, isBusy }: FoundProps) {
  const { events, nextBefore, searched } = page
  const isFiltered = Object.keys(filter).length > 0
  const isFull = events.length >= EVENTS_PER_PAGE
  const older = nextBefore === null ? null : withQuery('/events', { ...filter, before: nextBefore })
  return (
    <>
      {events.length > 0 && <EventTable events={events} isBusy={isBusy} />}
      {events.length === 0 && older === null && <NoneFound {...{ isFiltered, before }} />}
      <div class="pager">
        {before !== null && <a href={withQuery('/events', { ...filter })}>Newest</a>}
        {older !== null && isFull && <a href={older}>Older</a>}
        {older !== null && !isFull && (
          <p role="status">
            Searched back to <SearchedTo at={searched.receivedAt} /> (event {searched.seq}). There
            is more: <a href={older}>go on</a>
          </p>
        )}
      </div>
    </>
  )
}

function SearchedTo({ at }: { at: string | null }) {
  return at === null ? <>the start</> : <Time at={at} />
}

function NoneFound({ isFiltered, before }: { isFiltered: boolean; before: string | null }) {
  if (before !== null) return <Nothing>There are no older events.</Nothing>
  if (isFiltered) return <Nothing>No event matches. Refused deliveries are under Sources.</Nothing>
  return (
    <Nothing>
      No event has arrived yet. <code>inlet send github push</code> sends one.
    </Nothing>
  )
}

const HEAD = ['Event', 'Received', 'Source', 'Type', 'State', 'Records', { ofNumbers: 'Size' }]

function EventTable({ events, isBusy }: { events: readonly EventRow[]; isBusy: boolean }) {
  return (
    <Table label="Events, newest first" head={HEAD} isBusy={isBusy}>
      {events.map((event) => (
        <tr key={event.seq}>
          <th scope="row">
            <a data-row href={`/events/${event.seq}`} title={event.eventId}>
              <span class="number">{event.seq}</span> <code class="id">{event.eventId}</code>
            </a>
          </th>
          <td>
            <Time at={event.receivedAt} />
          </td>
          <td>{event.source}</td>
          <td>
            <code class="type" title={event.type}>
              {event.type}
            </code>
          </td>
          <td>
            <Badge state={event.state} />
            {event.reason !== null && <span class="reason">{event.reason}</span>}
          </td>
          <td>
            {event.records === null ? (
              <span class="dim">none</span>
            ) : (
              <Badge state={event.records} />
            )}
          </td>
          <td class="number">{bytes(event.bodyBytes)}</td>
        </tr>
      ))}
    </Table>
  )
}
