/** Two intakes at the edge that share a source through one Redis, which they reach over HTTPS. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { randomToken } from '../../src/ids.ts'
import { deliver } from '../conformance/http-requests.ts'
import { HANDLERS_DIRECTORY, HTTP_ENV, signed } from '../conformance/http-setup.ts'
import { describeWithRedis } from '../support/servers.ts'
import { startUpstashFacade, type UpstashFacade } from '../support/upstash-facade.ts'
import { startWorker, type TestWorker } from '../support/worker.ts'

setDefaultTimeout(60_000)

describeWithRedis('two Workers with one Redis', (redisUrl) => {
  let facade: UpstashFacade
  let workers: readonly TestWorker[]
  beforeAll(async () => {
    facade = await startUpstashFacade(redisUrl)
    const start = (node: string) =>
      startWorker({
        handlersDirectory: HANDLERS_DIRECTORY,
        env: {
          ...HTTP_ENV,
          INLET_NODE: node,
          // Names of keys are of the source and the id: ids of other tests are others.
          INLET_SINK: 'forward',
          INLET_FORWARD_URL: 'http://127.0.0.1:9',
          INLET_FORWARD_SECRET: `whsec_${'A'.repeat(43)}=`,
          UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${facade.port}`,
          UPSTASH_REDIS_REST_TOKEN: facade.token,
        },
      })
    workers = [await start('edge-a'), await start('edge-b')]
  })
  afterAll(async () => {
    for (const worker of workers) await worker[Symbol.asyncDispose]()
    await facade[Symbol.asyncDispose]()
  })

  const send = async (at: number, eventId: string) => {
    const worker = workers[at]
    if (worker === undefined) throw new Error('there are two')
    const { status, headers } = await deliver(worker, 'github', signed('github', { eventId }))
    return [status, headers.get('inlet-duplicate')]
  }

  test('an event that one has stored is known to the other', async () => {
    const eventId = randomToken()
    expect(await send(0, eventId)).toEqual([202, null])
    expect(await send(1, eventId)).toEqual([200, '1'])
    expect(await send(0, eventId)).toEqual([200, '1'])
    expect(facade.requests).toBeGreaterThan(0)
  })

  test('without an answer of Redis both go on', async () => {
    facade.fault = 'unavailable'
    const eventId = randomToken()
    expect(await send(0, eventId)).toEqual([202, null])
    expect(await send(1, eventId)).toEqual([202, null])
    facade.fault = 'none'
  })
})
