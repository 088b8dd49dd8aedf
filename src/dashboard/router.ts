/** Where we are: path and query are the whole state of a page, so that a link is a finding. */
import { makeStore, useStore } from './store.ts'

export interface Place {
  readonly path: string
  readonly query: URLSearchParams
}

const place = makeStore<Place>(here())

function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) }
}

/** The place that is shown, in a component. */
export function usePlace(): Place {
  return useStore(place)
}

/** Goes to a page of ours; `replace` leaves no step for the back button. */
export function navigate(href: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', href)
  else history.replaceState(null, '', href)
  place.set(here())
}

/** `/events` with those of the parameters that have a value. */
export function withQuery(
  path: string,
  parameters: Readonly<Record<string, string | number | null | undefined>>,
): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value))
  }
  return query.size === 0 ? path : `${path}?${query.toString()}`
}

/** Follows links and the back button without loading the page anew. */
export function startRouter(): void {
  addEventListener('popstate', () => place.set(here()))
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    const isOurs = link?.origin === location.origin && !link.pathname.startsWith('/api/')
    if (link === null || !isOurs || link.target !== '' || link.hasAttribute('download')) return
    if (link.hash !== '') return
    // A new tab is asked for, or somebody else has dealt with it.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
      return
    }
    event.preventDefault()
    navigate(link.pathname + link.search)
    scrollTo(0, 0)
  })
}
