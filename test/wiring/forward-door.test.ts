import { expect, test } from 'bun:test'
import type { HooksPorts } from '../../routes/hooks.ts'
import type { Visit } from '../../src/door/visit.ts'
import { Traffic } from '../../src/readings/traffic.ts'
import { forwardPorts } from '../../src/wiring/forward-door.ts'
import { manualClock } from '../support/manual-clock.ts'
import { sampleDelivery } from '../support/verified.ts'

test('what an edge forwards takes its turn among the deliveries', async () => {
  const clock = manualClock()
  const turn = Promise.withResolvers<void>()
  let begun = 0
  const secret = `whsec_${btoa('made-up-secret-of-an-edge')}`
  const { source, ingest } = forwardPorts({} as HooksPorts<Visit>, [secret], {
    clock,
    door: {
      async begin(task) {
        await turn.promise
        begun += 1
        return task()
      },
    },
    commitAll: () => Promise.reject(new Error('nothing is proven here')),
    observation: { traffic: new Traffic(clock) },
    tail: { see: () => undefined },
  })
  const edge = source('(edge)')
  if (edge === undefined) throw new Error('the edge is a source')
  const taking = ingest(sampleDelivery('{}'), edge)
  turn.resolve()

  expect(await taking).toMatchObject({ kind: 'refused', code: 'SIGNATURE_MISSING' })
  expect(begun).toBe(1)
})
