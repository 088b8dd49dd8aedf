import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EventSearch } from '../../db/event-search.ts'
import { SEARCH_LIMIT_MAX } from '../admin-limits.ts'
import type { Answers } from '../query-answers.ts'

interface Output {
  /** The folder that their exact bytes go to; undefined: all about them, as lines of JSON. */
  readonly bytes: string | undefined
  readonly print: (line: string) => void
}

/** Writes out all events that match, the oldest first, a page at a time. */
export function exportEvents(
  answers: Answers,
  search: Omit<EventSearch, 'order'>,
  { bytes, print }: Output,
): void {
  if (bytes !== undefined) mkdirSync(bytes, { recursive: true })
  let { behind } = search
  let written = 0
  while (written < search.limit) {
    const limit = Math.min(SEARCH_LIMIT_MAX, search.limit - written)
    const page = answers.search({ ...search, order: 'oldest', behind, limit })
    for (const { seq } of page.events) {
      if (bytes === undefined) print(answers.event(seq) ?? '')
      else writeFileSync(join(bytes, `${seq}.bin`), answers.body(seq) ?? '')
    }
    written += page.events.length
    if (page.nextBefore === null) break
    behind = page.nextBefore
  }
  if (bytes !== undefined) print(`${written} events in ${bytes}`)
}
