/** A delivery while it is being made: values are put where a provider puts them. */
import { compilePath, splitReference } from '../engine/reference.ts'
import type { Asked } from '../engine/request.ts'
import type { ProviderRow } from '../row.ts'

export interface DraftOptions {
  readonly row: ProviderRow
  /** The registered URL; a place-holder where nothing signs it. */
  readonly url: string
  /** The body as data, or bytes of the caller's that stay as they are. */
  readonly content: { readonly data: unknown } | { readonly bytes: Uint8Array }
  /** ms since 1970. */
  readonly now: number
}

export interface Draft {
  /** Writes a value: `header:x-signature`, `query:token`, `json:signature.token`, `form:token`. */
  readonly put: (reference: string, value: string) => void
  /** Whether a place has a value. */
  readonly has: (reference: string) => boolean
  readonly headers: Readonly<Record<string, string>>
  readonly query: () => string
  readonly body: () => Uint8Array
  /** Replaces the body by these bytes. */
  readonly setBody: (bytes: Uint8Array) => void
  /** The delivery as it is now, to make a signed text from. */
  readonly asked: () => Asked
}

const encoder = new TextEncoder()

/** Starts a delivery. Its body is a form where the provider sends forms before anything else. */
export function startDraft({ row, url, content, now }: DraftOptions): Draft {
  const isForm = row.content[0] === 'form'
  const headers: Record<string, string> = {
    'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
  }
  const query = new URLSearchParams()
  const data: unknown = 'data' in content ? content.data : undefined
  let bytes = 'bytes' in content ? content.bytes : undefined
  const body = (): Uint8Array => {
    if (bytes !== undefined) return bytes
    return encoder.encode(isForm ? toForm(row, data) : JSON.stringify(data))
  }
  const queryText = () => (query.size === 0 ? '' : `?${query.toString()}`)
  const asked = (): Asked => ({
    delivery: {
      source: '',
      method: 'POST',
      url: url + queryText(),
      headers: new Headers(headers),
      body: body(),
      receivedAt: now,
    },
    data,
  })
  return {
    headers,
    query: queryText,
    body,
    asked,
    setBody(replacement) {
      bytes = replacement
    },
    has(reference) {
      const [place, name] = splitReference(reference)
      if (place === 'header') return name in headers
      return place === 'query' ? query.has(name) : compilePath(name)(data) !== undefined
    },
    put(reference, value) {
      const [place, name] = splitReference(reference)
      if (place === 'header') headers[name] = value
      else if (place === 'query') query.set(name, value)
      else putIn(data, name.split('.'), value)
    },
  }
}

/** Bodies that the caller made have no such member, and stay as they are. */
function putIn(data: unknown, path: readonly string[], value: string): void {
  const [step = '', ...rest] = path
  if (typeof data !== 'object' || data === null) return
  const members = data as Record<string, unknown>
  if (rest.length === 0) members[step] = value
  else putIn(members[step], rest, value)
}

function toForm({ formField }: ProviderRow, data: unknown): string {
  if (formField !== undefined) {
    return new URLSearchParams({ [formField]: JSON.stringify(data) }).toString()
  }
  const fields = Object.entries(data ?? {}).map(
    ([name, value]) => [name, String(value)] satisfies [string, string],
  )
  return new URLSearchParams(fields).toString()
}
