/** The small parts that every page is made of. */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { systemClock } from '../clock.ts'
import type { ApiError } from './api.ts'
import { duration, localTime } from './format.ts'

/** Local time; UTC where the pointer rests. */
export function Time({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={`${at} UTC`}>
      {localTime(at, systemClock.now())}
    </time>
  )
}

/** How long ago, and exactly when where the pointer rests. */
export function Ago({
  at,
  none = 'never',
}: {
  readonly at: string | null
  readonly none?: string
}) {
  const now = useNow()
  if (at === null) return <span class="dim">{none}</span>
  const ms = Math.max(0, now - Date.parse(at))
  return (
    <time dateTime={at} title={`${localTime(at, now)} · ${at} UTC`}>
      {ms < 1000 ? 'now' : `${duration(ms)} ago`}
    </time>
  )
}

const NOW_EVERY_MS = 5_000

function useNow(): number {
  const [now, setNow] = useState(systemClock.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(systemClock.now()), NOW_EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return now
}

/** How a state looks: the word says it, the colour repeats it. */
const TONES: Readonly<Record<string, 'good' | 'busy' | 'warn' | 'bad' | 'calm'>> = {
  accepted: 'good',
  published: 'good',
  up: 'good',
  serving: 'good',
  done: 'good',
  verified: 'good',
  pending: 'busy',
  running: 'busy',
  starting: 'busy',
  retry: 'warn',
  stopped: 'warn',
  paused: 'warn',
  draining: 'warn',
  silent: 'warn',
  invalid: 'warn',
  blocked: 'bad',
  dead: 'bad',
  failed: 'bad',
  refused: 'bad',
  down: 'bad',
}

export function Badge({ state, children }: { readonly state: string; readonly children?: string }) {
  return <span class={`badge ${TONES[state] ?? 'calm'}`}>{children ?? state}</span>
}

/** Why something is not here. */
export function Problem({ error }: { readonly error: ApiError | undefined }) {
  if (error === undefined) return null
  return (
    <p class="problem" role="alert">
      {error.message}
    </p>
  )
}

/** In place of an empty list: what is missing, and what to do about it. */
export function Nothing({ children }: { readonly children: ComponentChildren }) {
  return <p class="nothing">{children}</p>
}

export interface FactProps {
  readonly name: string
  readonly isWide?: boolean
  readonly children: ComponentChildren
}

/** One line of a list of facts. */
export function Fact({ name, isWide = false, children }: FactProps) {
  return (
    <div class={isWide ? 'fact wide' : 'fact'}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** The name of a column; of one with numbers it stands above their ends. */
export type Column = string | { readonly ofNumbers: string }

/** A table that scrolls by itself where the window is narrow. */
export function Table(props: {
  readonly label: string
  readonly head: readonly Column[]
  readonly isBusy?: boolean
  /** As wide as what it holds, and no wider. */
  readonly isNarrow?: boolean
  readonly children: ComponentChildren
}) {
  const { label, head, isBusy = false, isNarrow = false, children } = props
  return (
    // It can be scrolled with the keyboard: that needs a place in the order of Tab.
    <div
      class={isNarrow ? 'scroller narrow' : 'scroller'}
      role="region"
      aria-label={label}
      tabIndex={0}
      aria-busy={isBusy}
    >
      <table>
        <thead>
          <tr>
            {head.map((column) =>
              typeof column === 'string' ? (
                <th key={column} scope="col">
                  {column}
                </th>
              ) : (
                <th key={column.ofNumbers} scope="col" class="number">
                  {column.ofNumbers}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

const COPIED_MS = 1_500

/** Text to paste elsewhere, and a button that takes it. */
export function Copy({ text, what }: { readonly text: string; readonly what: string }) {
  const [said, setSaid] = useState<'copied' | 'select it' | undefined>()
  async function copy() {
    // Browsers refuse where the page came over plain HTTP from another machine.
    setSaid(
      (await navigator.clipboard?.writeText(text).then(
        () => 'copied' as const,
        () => 'select it' as const,
      )) ?? 'select it',
    )
    await systemClock.sleep(COPIED_MS)
    setSaid(undefined)
  }
  return (
    <span class="copy">
      <code>{text}</code>
      <button type="button" class="small" aria-label={`Copy ${what}`} onClick={() => void copy()}>
        {said ?? 'copy'}
      </button>
    </span>
  )
}
