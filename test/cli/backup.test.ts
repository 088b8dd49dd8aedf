import { expect, test } from 'bun:test'
import { dirname, join } from 'node:path'
import { openReader } from '../../db/open.ts'
import { backup } from '../../src/cli/backup.ts'
import { openDbWorld } from '../db/world.ts'
import { sampleEvent } from '../support/stored.ts'

test('copies the database of a gateway that runs, and says what the copy holds', async () => {
  await using world = await openDbWorld()
  await Promise.all(['e1', 'e2'].map((id) => world.writer.commit(sampleEvent(id))))
  const dataDir = dirname(world.path)
  const file = join(dirname(dataDir), 'copy.db')
  const lines: string[] = []
  const context = { env: { INLET_DATA_DIR: dataDir }, print: (line: string) => lines.push(line) }

  expect(await backup.run({ ...context, args: [file] })).toBe(0)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toStartWith(`${file}: 2 events, 2 records not published yet, `)
  using copy = openReader(file)
  expect(copy.client.query('SELECT event_id FROM inbox ORDER BY seq').values()).toEqual([
    ['e1'],
    ['e2'],
  ])
  expect(() => backup.run({ ...context, args: [] })).toThrow('name the file')
})
