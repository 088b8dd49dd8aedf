import {
  REJECTED_HEADER_CHARS_MAX,
  REJECTED_HEADERS_CHARS_MAX,
  REJECTED_HEADERS_MAX,
} from '../limits/observing.ts'

/**
 * Headers that are shown as they are: they describe the request, and no provider puts a secret into
 * them. Every other one is masked, so that one nobody has heard of is, too.
 */
const SHOWN = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'host',
  'idempotency-key',
  'transfer-encoding',
  'user-agent',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-request-id',
])

/** The names of an event, of a delivery and of its time: `x-github-event`, `svix-timestamp`. */
const DESCRIBES =
  /(^|-)(delivery|event|event-type|event-id|request-timestamp|timestamp|topic|type)$/

/** What gives a value its form, and nothing away: `sha256=`, `v1,`, `Bearer `. */
const FORM = /^[A-Za-z][A-Za-z0-9-]{0,11}[=, ](?=.{16})/

/** Of a secret value this share is shown at most, and never more than so many characters. */
const SHOWN_SHARE = 1 / 8
const SHOWN_CHARS_MAX = 4

/** Headers as they may be kept: bounded, and without what could prove anything to us. */
export function maskHeaders(headers: Headers): Readonly<Record<string, string>> {
  const masked: Record<string, string> = {}
  let count = 0
  let chars = 0
  for (const [name, value] of headers) {
    const shown = maskHeader(name, value)
    chars += name.length + shown.length
    count += 1
    if (count > REJECTED_HEADERS_MAX || chars > REJECTED_HEADERS_CHARS_MAX) break
    masked[name] = shown
  }
  return masked
}

function maskHeader(name: string, value: string): string {
  if (SHOWN.has(name) || DESCRIBES.test(name)) return value.slice(0, REJECTED_HEADER_CHARS_MAX)
  const [form = ''] = FORM.exec(value) ?? []
  const rest = value.length - form.length
  const start = value.slice(0, form.length + Math.min(SHOWN_CHARS_MAX, rest * SHOWN_SHARE))
  return `${start}… (${value.length} characters)`
}
