import { expect, test } from 'bun:test'
import type { Statement } from '../../db/portable/batches.ts'
import { openNodeSqlite } from '../../db/portable/node-sqlite.ts'
import { systemClock } from '../../src/clock.ts'
import { openEdge } from '../../src/entries/edge.ts'
import { HTTP_ENV, signed } from '../conformance/http-setup.ts'
import { makeTempDir } from '../support/temp.ts'

/** What D1 does is in test/entries/cloudflare.test.ts; here its statements are counted. */
test('an answer to which nothing was stored is followed by no statement', async () => {
  await using folder = await makeTempDir()
  const onFatal = (error: Error) => {
    throw error
  }
  const now = systemClock.now()
  using sqlite = openNodeSqlite({ directory: folder.path, now, onFatal })
  let statements = 0
  const batch = (all: readonly Statement[]) => {
    statements += all.length
    return sqlite.batch(all)
  }
  const env = {
    ...HTTP_ENV,
    INLET_SINK: 'forward',
    // Nobody is there.
    INLET_FORWARD_URL: 'http://127.0.0.1:9',
    INLET_FORWARD_SECRET: `whsec_${'A'.repeat(43)}=`,
  }
  const edge = await openEdge(env, { batches: { batch }, handlers: [], print: () => undefined })
  const ask = async (path: string, init?: RequestInit) => {
    const { status } = await edge.answer(new Request(`http://edge${path}`, init), '192.0.2.1')
    const before = statements
    await edge.afterAnswer()
    return [status, statements > before]
  }

  expect(await ask('/healthz')).toEqual([200, false])
  const { headers, body } = signed('github')
  const delivery = { method: 'POST', headers, body: body.slice() }
  expect(await ask('/hooks/github', delivery)).toEqual([202, true])
  expect(await ask('/healthz')).toEqual([200, false])
})
