import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { openDedup } from '../../db/dedup.ts'
import { DATABASE_FILE, openDatabase } from '../../db/open.ts'
import { openWriter } from '../../db/writer.ts'
import { prune } from '../../src/cli/prune.ts'
import { DAY_MS, RETENTION_MS } from '../db/world.ts'
import { sampleEvent, sampleMark } from '../support/stored.ts'
import { manualClock } from '../support/manual-clock.ts'
import { makeTempDir } from '../support/temp.ts'

test('deletes what is old and published in the file of a stopped gateway', async () => {
  await using dir = await makeTempDir()
  const clock = manualClock()
  const path = join(dir.path, DATABASE_FILE)
  const lines: string[] = []
  const env = { INLET_DATA_DIR: dir.path }
  const run = (...args: string[]) =>
    prune.run({ args, env, print: (line: string) => lines.push(line) })

  const running = openDatabase({ path, clock })
  const dedup = openDedup(running, { retentionMs: RETENTION_MS })
  const writer = openWriter({ database: running, dedup, onFatal: () => undefined })
  for (const id of ['e1', 'e2']) await writer.commit(sampleEvent(id))
  await writer.mark(sampleMark(0, 1))
  clock.advance(3 * DAY_MS)
  await writer.commit(sampleEvent('e3'))
  expect(() => run('--days', '2')).toThrow('DATA_DIR_IN_USE')
  await writer.close()
  running.close()

  expect(await run('--days', '2')).toBe(0)
  expect(lines[0]).toMatch(/^deleted \d+ rows; .*inlet\.db has \d+ bytes$/)
  expect(() => run()).toThrow('say --days')
  using pruned = openDatabase({ path, clock })
  const kept = pruned.client.query('SELECT event_id FROM inbox').values()
  expect(kept).toEqual([['e2'], ['e3']])
})
