import type { Delivery, ParsedBody } from '../../delivery.ts'
import type { ProviderRow } from '../row.ts'
import { hasTooManyFields } from './form.ts'

/** A body as data, with the JSON text that the data came from. */
export interface ReadBody {
  readonly parsed: ParsedBody
  readonly json: string | undefined
  /** The JSON stands in a field of a form: it is not the body itself. */
  readonly isInForm?: true
}

/**
 * Throws on bytes that are not UTF-8, and keeps a byte order mark: both would otherwise vanish
 * silently.
 */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const FORM = 'application/x-www-form-urlencoded'

/**
 * `{` and `[`, which a form would have to escape. The content type is signed by nobody: under a
 * changed one, a JSON body with `&payload=` in one of its texts would read as a form.
 */
const JSON_START: ReadonlySet<number> = new Set([0x7b, 0x5b])

const JSON_TYPE = /^application\/(?:.+\+)?json$/

/** A request whose body is read once, when it is first asked for. */
export interface OpenRequest {
  readonly delivery: Delivery
  readonly body: ReadBody
  /** The body as data; undefined where it is none. */
  readonly data: unknown
}

/** Opens a request of the provider of this row. */
export function openRequest(row: ProviderRow, delivery: Delivery): OpenRequest {
  let read: ReadBody | undefined
  function body(): ReadBody {
    read ??= readBody(row, delivery.body, delivery.headers.get('content-type'))
    return read
  }
  return {
    delivery,
    get body() {
      return body()
    },
    get data() {
      const { parsed } = body()
      return parsed.kind === 'json' ? parsed.value : undefined
    },
  }
}

/** The media type of a content type, without its parameters. */
function mediaType(contentType: string | null): string {
  const [media = ''] = (contentType ?? '').split(';', 1)
  return media.trim().toLowerCase()
}

/**
 * Reads a verified body: as a form or JSON where the row and the content type say so, else not at
 * all.
 */
export function readBody(row: ProviderRow, body: Uint8Array, contentType: string | null): ReadBody {
  const { content } = row
  const isForm =
    content.includes('form') && mediaType(contentType) === FORM && !JSON_START.has(body[0] ?? 0)
  const isJson = content.includes('json') || JSON_TYPE.test(mediaType(contentType))
  if (!isForm && !isJson) return { parsed: { kind: 'opaque' }, json: undefined }
  if (body.length === 0) return notJson('the body is empty')
  let text: string
  try {
    text = decoder.decode(body)
  } catch {
    return notJson('the body is not valid UTF-8')
  }
  return isForm ? readForm(text, row.formField) : readJson(text)
}

function readForm(text: string, field: string | undefined): ReadBody {
  if (hasTooManyFields(text)) return notJson('the form has too many fields')
  const form = new URLSearchParams(text)
  const json = field === undefined ? null : form.get(field)
  if (json !== null) return { ...readJson(json), isInForm: true }
  return { parsed: { kind: 'json', value: Object.fromEntries(form) }, json: undefined }
}

function readJson(json: string): ReadBody {
  try {
    const value: unknown = JSON.parse(json)
    return { parsed: { kind: 'json', value }, json }
  } catch {
    // The parser's own message quotes the body, and a reason is stored and logged.
    const hasMark = json.startsWith('\uFEFF')
    return notJson(
      hasMark ? 'the body starts with a byte order mark' : 'the body is not valid JSON',
    )
  }
}

function notJson(reason: string): ReadBody {
  return { parsed: { kind: 'not-json', reason }, json: undefined }
}
