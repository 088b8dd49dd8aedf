/** What the keyboard does. */
import { makeStore } from './store.ts'
import { navigate } from './router.ts'

/** Whether the list of keys is shown. */
export const isHelpOpen = makeStore(false)

/** Key and page, after `g`. */
export const PAGES_BY_KEY: Readonly<Record<string, string>> = {
  o: '/',
  l: '/live',
  e: '/events',
  d: '/dead-letters',
  r: '/reruns',
  s: '/sources',
  c: '/consumers',
  y: '/system',
}

export const KEYS = [
  ['/', 'search'],
  ['j, ↓', 'next row'],
  ['k, ↑', 'previous row'],
  ['Enter', 'open the row'],
  [
    'g, then o l e d r s c y',
    'overview, live, events, dead letters, reruns, sources, consumers, system',
  ],
  ['?', 'this list'],
  ['Esc', 'close, or leave a field'],
] as const

/** Focuses the search of the page, once there is one. */
export const isSearchWanted = makeStore(false)

export function startKeys(): void {
  let isGoing = false
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const target = event.target instanceof HTMLElement ? event.target : document.body
    if (target.closest('input, select, textarea') !== null) {
      if (event.key === 'Escape') target.blur()
      return
    }
    if (document.querySelector('dialog[open]') !== null) return
    const page = isGoing ? PAGES_BY_KEY[event.key] : undefined
    isGoing = event.key === 'g'
    if (page !== undefined) return navigate(page)
    if (act(event.key, target)) event.preventDefault()
  })
}

/** Whether the key means something here. */
function act(key: string, target: HTMLElement): boolean {
  switch (key) {
    case '/':
      return search()
    case '?':
      isHelpOpen.set(true)
      return true
    case 'j':
      return move(1)
    case 'k':
      return move(-1)
    case 'ArrowDown':
    case 'ArrowUp':
      // Elsewhere they scroll.
      return target.hasAttribute('data-row') && move(key === 'ArrowDown' ? 1 : -1)
    default:
      return false
  }
}

function search(): boolean {
  const field = document.querySelector<HTMLElement>('[data-search]')
  if (field !== null) field.focus()
  else {
    isSearchWanted.set(true)
    navigate('/events')
  }
  return true
}

/** Rows are links: Enter opens them. */
function move(step: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')]
  const now = rows.findIndex((row) => row === document.activeElement)
  const next = now === -1 ? rows.at(step === 1 ? 0 : -1) : rows[now + step]
  next?.focus()
  return rows.length > 0
}
