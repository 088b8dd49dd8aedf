import { digestOf } from '../bytes/hashing.ts'
import { EVENT_ID_CHARS_MAX } from '../limits/limits.ts'

/** The id of an event that is named by a text: itself, or its hash where it is too long. */
export function nameText(text: string): string {
  if (text.length <= EVENT_ID_CHARS_MAX) return text
  return `sha256 ${Buffer.from(digestOf(text)).toString('hex')}`
}
