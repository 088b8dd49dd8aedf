const MEANINGS: Readonly<Record<number, string>> = {
  202: 'accepted: it is on disk',
  401: 'the signature or the token is not accepted: compare the secrets',
  404: 'the gateway has no such source',
  422: 'the event is not accepted, and not stored',
  503: 'the gateway cannot store it now',
}

/** What an answer of the gateway means, and whether it may have stored something new. */
export interface Meaning {
  readonly text: string
  readonly isNew: boolean
}

/**
 * Reads an answer. Many providers demand a status of their own, so that it is the headers that tell
 * an event from a duplicate and from a probe.
 */
export function meaningOf({ ok, status, statusText, headers }: Response): Meaning {
  if (!ok) return { text: MEANINGS[status] ?? statusText, isNew: false }
  if (headers.has('inlet-duplicate')) {
    return { text: 'a duplicate: nothing new is stored', isNew: false }
  }
  if (headers.has('x-content-type-options')) {
    return { text: 'a probe of the endpoint, answered: nothing is stored', isNew: false }
  }
  return { text: MEANINGS[status] ?? 'taken, as this provider wants it said', isNew: true }
}
