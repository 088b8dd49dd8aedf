/** What docs/edge.md says a Worker asks of D1: that is what Cloudflare counts and limits. */
import { expect, test } from 'bun:test'
import type { Batches } from '../../../db/portable/batches.ts'
import { openNodeSqlite } from '../../../db/portable/node-sqlite.ts'
import { openPortableStore } from '../../../db/portable/store.ts'
import { silentLog } from '../../../src/log.ts'
import { forwardPass } from '../../../src/relay/forward-pass.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { sampleEvent } from '../../support/stored.ts'
import { makeTempDir } from '../../support/temp.ts'
import { RETENTION_MS } from '../world.ts'

async function openCounted() {
  await using opened = new AsyncDisposableStack()
  const { path } = opened.use(await makeTempDir())
  const onFatal = (error: Error) => {
    throw error
  }
  const sqlite = opened.use(openNodeSqlite({ directory: path, now: 1, onFatal }))
  let statements = 0
  const counted: Batches = {
    batch(batch) {
      statements += batch.length
      return sqlite.batch(batch)
    },
  }
  const clock = manualClock()
  const options = { clock, retentionMs: RETENTION_MS, handsOn: 'events' } as const
  const store = openPortableStore(counted, options)
  const resources = opened.move()
  const forward = () => Promise.resolve()
  /** How many statements a step takes. */
  const cost = async (step: () => Promise<unknown>) => {
    const before = statements
    await step()
    return statements - before
  }
  const ports = { clock, log: silentLog, inbox: store, forward }
  return {
    store,
    pass: () => forwardPass(ports, { holder: 'a', untilMs: Infinity }),
    cost,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

test('a delivery, a pass over it, a further batch and an idle minute take what is written', async () => {
  await using world = await openCounted()
  const { store, pass, cost } = world
  const delivery = await cost(() => store.commit(sampleEvent('e0')))
  const onePass = await cost(pass)
  await store.commitAll(Array.from({ length: 501 }, (_, n) => sampleEvent(`more-${n}`)))
  const twoBatches = await cost(pass)
  const schedule = [pass, () => store.retainOnce(), () => store.lag()]
  let idle = 0
  for (const step of schedule) idle += await cost(step)
  expect({ delivery, onePass, further: twoBatches - onePass, idle }).toEqual({
    delivery: 5,
    onePass: 16,
    further: 9,
    idle: 18,
  })
})
