import type { HandlerWatch } from '../../src/handler-watch.ts'
import { openSuspects } from '../../src/suspects.ts'

/**
 * A watchdog that ends no process, for tests of what is handled after one has ended: `ends` says
 * how often that was while an event ran, by its source and id.
 */
export function handlerWatch(ends: Readonly<Record<string, number>> = {}): HandlerWatch {
  const { alone } = openSuspects([], () => '')
  return {
    enter: () => 0,
    waits: () => undefined,
    leave: () => undefined,
    endsOf: (source, eventId) => ends[`${source} ${eventId}`] ?? 0,
    alone,
  }
}
