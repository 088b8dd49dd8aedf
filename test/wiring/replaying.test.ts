import { expect, test } from 'bun:test'
import { on, z } from '../../src/gateway.ts'
import { openReplaying } from '../../src/wiring/replaying.ts'
import type { ReplayResult } from '../../src/rerun.ts'
import { openDbWorld, paddedBody } from '../db/world.ts'
import { manualClock } from '../support/manual-clock.ts'
import { bytes, sampleEvent } from '../support/stored.ts'

test('a damaged event fails with its reason, and the others of its step are handled', async () => {
  await using world = await openDbWorld()
  const body = bytes(JSON.stringify(paddedBody('a').repeat(10)))
  const headers = '{"ce_id":"e","ce_source":"/s","ce_type":"push"}'
  const common = { source: 'shop', headers, body }
  for (const id of ['e1', 'e2', 'e3']) await world.writer.commit(sampleEvent(id, common))
  world.database.client.run('UPDATE chunks SET packed_hash = 0 WHERE seq = 2')
  const route = on(z.string(), () => ({ topic: 'orders' }))
  const caller = { name: 'shop', tokenHashes: [], file: undefined, route: () => route }
  const served = {
    sources: new Map(),
    callers: new Map([[caller.name, caller]]),
    consumers: new Map(),
    watched: { directory: '', files: [] },
    inactive: [],
    handlersName: 'none',
  }
  const replaying = openReplaying({
    reader: world.database,
    reloader: { current: () => served },
    handlePorts: { clock: manualClock(), handlerMsMax: 800 },
    consuming: { again: () => Promise.reject(new Error('there is no consumer')) },
  })
  const stored: ReplayResult[] = []
  await replaying.replay([1, 2, 3], (results) => {
    stored.push(...results)
    return Promise.resolve(undefined)
  })

  expect(stored.map(({ seq, state, records }) => [seq, state, records.length])).toEqual([
    [1, 'accepted', 1],
    [2, 'failed', 0],
    [3, 'accepted', 1],
  ])
  expect(stored[1]?.reason).toBe(
    'STORAGE_DAMAGED: its body is damaged on disk: chunk 2 is not as it was written',
  )
  expect(replaying.isAlone(2)).toBe(false)
})
