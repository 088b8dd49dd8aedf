import { expect, test } from 'bun:test'
import type { Ends, HandlerWatch } from '../src/handler-watch.ts'
import { givenUp } from '../src/handler-watch.ts'
import { HANDLER_BLOCKS_MAX, HANDLER_SUSPICIONS_MAX } from '../src/limits/watchdog.ts'
import { handlerWatch } from './support/handler-watch.ts'

const NAMED = { source: 'github', eventId: 'delivery-1' }

type Counts = Omit<Ends, 'isCleared' | 'aloneMax'> & Partial<Ends>

function watchOf(ends: Counts): HandlerWatch {
  return {
    ...handlerWatch(),
    endsOf: () => ({ aloneMax: HANDLER_BLOCKS_MAX, ...ends, isCleared: false }),
  }
}

test.each<[string, Counts, string | undefined]>([
  ['one that was named among others', { alone: 0, all: HANDLER_BLOCKS_MAX }, undefined],
  ['one that was named alone less often', { alone: HANDLER_BLOCKS_MAX - 1, all: 9 }, undefined],
  [
    'one that was named alone too often',
    { alone: HANDLER_BLOCKS_MAX, all: 5 },
    'the process ended 5 times while it ran',
  ],
  [
    'one of a kind that is known to block',
    { alone: 1, all: 1, aloneMax: 1 },
    'the process ended once while it ran',
  ],
  [
    'one that never runs alone',
    { alone: 0, all: HANDLER_SUSPICIONS_MAX },
    'the process ended 10 times while it ran',
  ],
])('whether it is given up: %s', (_, ends, detail) => {
  expect(givenUp(watchOf(ends), NAMED)?.error.detail).toBe(detail)
})
