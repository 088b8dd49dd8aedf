import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EventSearch } from '../../db/event-search.ts'
import { SEARCH_LIMIT_MAX } from '../limits/admin.ts'
import type { EventDetail } from '../admin-api/events.ts'
import type { Answers } from '../wiring/query-answers.ts'

interface Output {
  /** The folder that their exact bytes go to; undefined: all about them, as lines of JSON. */
  readonly bytes: string | undefined
  readonly print: (line: string) => void
}

/**
 * Writes out all events that match, the oldest first, a page at a time. False where the bytes of
 * some are damaged: their lines say so, and they have no file.
 */
export function exportEvents(
  answers: Answers,
  search: Omit<EventSearch, 'order'>,
  { bytes, print }: Output,
): boolean {
  if (bytes !== undefined) mkdirSync(bytes, { recursive: true })
  let { behind } = search
  let [seen, damaged] = [0, 0]
  while (seen < search.limit) {
    const limit = Math.min(SEARCH_LIMIT_MAX, search.limit - seen)
    const page = answers.search({ ...search, order: 'oldest', behind, limit })
    for (const { seq } of page.events) {
      const json = answers.event(seq)
      // Retention has taken it since.
      if (json === undefined) continue
      const { damage, bodyBase64 } = JSON.parse(json) as EventDetail
      if (damage !== null) damaged += 1
      if (bytes === undefined) print(json)
      else if (damage === null) {
        writeFileSync(join(bytes, `${seq}.bin`), Uint8Array.fromBase64(bodyBase64))
      }
    }
    seen += page.events.length
    if (page.nextBefore === null) break
    behind = page.nextBefore
  }
  if (bytes !== undefined) {
    print(`${seen - damaged} events in ${bytes}`)
    if (damaged > 0) print(`${damaged} have none: their bodies are damaged on disk`)
  }
  return damaged === 0
}
