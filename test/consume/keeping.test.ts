import { expect, test } from 'bun:test'
import { openStoredState } from '../../db/consumer-state.ts'
import { Keeping } from '../../src/consume/keeping.ts'
import type { StateChange } from '../../src/consumer-state.ts'
import { CONSUMER_STATE_RECOUNT } from '../../src/limits/consumers.ts'
import { openDbWorld } from '../db/world.ts'

const change = (key: string, isNew: boolean): StateChange => ({
  kind: 'value',
  key,
  value: '{}',
  isNew,
})

test('entries that were counted and never stored make room again, once none waits', async () => {
  await using db = await openDbWorld()
  const keeping = new Keeping({ owner: 'o', stateEntriesMax: 2 }, openStoredState(db.database))
  // As of an event that two keys bring side by side: what the second one changes is not stored.
  const unstored = [change('a', true), change('b', true)]
  const one = [change('c', true)]
  expect(keeping.whyNoRoom(one)).toBeUndefined()
  keeping.submitted(unstored)
  expect(keeping.whyNoRoom(one)?.code).toBe('STATE_FULL')
  keeping.settled(unstored)
  const many = Array.from({ length: CONSUMER_STATE_RECOUNT }, () => change('a', false))
  const waiting = [change('a', false)]
  keeping.submitted(waiting)
  keeping.submitted(many)
  keeping.settled(many)
  expect(keeping.whyNoRoom(one)?.code).toBe('STATE_FULL')
  keeping.settled(waiting)
  expect(keeping.whyNoRoom(one)).toBeUndefined()
})
