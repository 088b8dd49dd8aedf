import type { HandlerWatch, Turns } from '../../src/handler-watch.ts'
import { openTurns } from '../../src/watchdog/suspect-turns.ts'
import { openSuspects } from '../../src/watchdog/suspects.ts'

/**
 * A watchdog that ends no process, for tests of what is handled after one has ended: `ends` says
 * how often that was while an event alone ran, by its source and id; each is of a type of its own.
 */
export function handlerWatch(
  ends: Readonly<Record<string, number>> = {},
  turns: Turns = openTurns(),
): HandlerWatch {
  const notes = Object.entries(ends).flatMap(([named, times]) => {
    const [source = '', ...rest] = named.split(' ')
    const event = { source, type: named, eventId: rest.join(' ') }
    return Array.from({ length: times }, () => ({
      at: '',
      handlersName: '',
      suspects: 1,
      ...event,
    }))
  })
  return {
    enter: () => 0,
    waits: () => undefined,
    leave: () => undefined,
    ...openSuspects(notes, () => ''),
    turns,
  }
}
