import { expect, test } from 'bun:test'
import { openRhythms } from '../../db/rhythms.ts'
import { openDbWorld } from './world.ts'

test('the last document is kept, and a new file has none', async () => {
  await using world = await openDbWorld()
  const rhythms = openRhythms(world.database)
  expect(rhythms.read()).toBeUndefined()
  rhythms.write('{}')
  rhythms.write('{"github":1}')
  expect(openRhythms(world.database).read()).toBe('{"github":1}')
})
