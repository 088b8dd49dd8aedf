/** Bodies that have to be read before they are proven, because the proof stands in them. */
import { FORM_FIELDS_MAX } from '../../limits/limits.ts'

/** Throws on what is not UTF-8, which would otherwise become one and the same character. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of a body; undefined where it is not UTF-8. */
export function readText(body: Uint8Array): string | undefined {
  try {
    return decoder.decode(body)
  } catch {
    return undefined
  }
}

/**
 * The fields of a form; undefined where it has too many, or an escape in it is not that of a
 * character. URLSearchParams alone reads each of those as U+FFFD, so that forms which differ would
 * have one signature.
 */
export function readForm(body: Uint8Array): URLSearchParams | undefined {
  const text = readText(body)
  if (text === undefined) return undefined
  const form = new URLSearchParams()
  if (text === '') return form
  if (hasTooManyFields(text)) return undefined
  try {
    for (const pair of text.split('&')) {
      const at = pair.indexOf('=')
      const [name, value] = at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
      form.append(unescapeField(name), unescapeField(value))
    }
  } catch {
    return undefined
  }
  return form
}

/** Whether a form has more fields than any provider sends. */
export function hasTooManyFields(form: string): boolean {
  return form.split('&', FORM_FIELDS_MAX + 1).length > FORM_FIELDS_MAX
}

/**
 * The value of a field or parameter that is there once. With two of a name, what is signed and what
 * is read could be different ones.
 */
export function theOnly(params: URLSearchParams | undefined, name: string): string | undefined {
  const values = params?.getAll(name) ?? []
  return values.length === 1 ? values[0] : undefined
}

function unescapeField(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}
