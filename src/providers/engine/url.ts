/** What providers sign of a URL or a form. */
import { readForm } from './form.ts'

/** The query of a URL as it arrived, with its `?`; empty where it has none. */
export function queryOf(url: string): string {
  const at = url.indexOf('?')
  return at === -1 ? '' : url.slice(at)
}

/** The pairs of a query as they were written, in the order of their names. */
export function sortedQuery(url: string): string {
  const pairs = queryOf(url).slice(1).split('&')
  return pairs
    .map((pair) => [pair.split('=', 1)[0] ?? '', pair] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, pair]) => pair)
    .join('&')
}

/**
 * The names and values of a form, decoded, in the order of the names, with nothing between;
 * undefined where the body is no form.
 */
export function sortedForm(body: Uint8Array): string | undefined {
  const form = readForm(body)
  if (form === undefined) return undefined
  form.sort()
  let text = ''
  for (const [name, value] of form) text += name + value
  return text
}
