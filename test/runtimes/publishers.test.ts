import { afterAll, beforeAll, setDefaultTimeout } from 'bun:test'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { GatewayError, type FaultCode } from '../../src/faults/faults.ts'
import { openKafkaPublisher } from '../../src/kafka/producer.ts'
import { silentLog } from '../../src/log.ts'
import type { Landed, PublishRecord } from '../../src/record.ts'
import { describePublisher, type PublisherTarget } from '../conformance/publisher.ts'
import { HANDLERS_DIRECTORY } from '../conformance/http-setup.ts'
import { startRestProxy, type RestProxy } from '../support/rest-proxy.ts'
import { describeWithKafka } from '../support/servers.ts'
import { bundle, startWorkerd } from '../support/worker.ts'
import { answerPublish, askedOf, type PublisherPlace } from './publisher-host.ts'

setDefaultTimeout(60_000)

/** Nobody listens there. */
const NOWHERE = '127.0.0.1:9'

/** A host of publishers, on one of the runtimes. */
interface Host extends AsyncDisposable {
  ask(body: string): Promise<Response>
}

const HOSTS: Readonly<Record<'Bun' | 'workerd', () => Promise<Host>>> = {
  Bun: () =>
    Promise.resolve({
      ask: (body) => answerPublish(new Request('http://host/', { method: 'POST', body })),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  async workerd() {
    const host = join(import.meta.dir, 'publisher-host.ts')
    const main = `import { answerPublish } from '${host}'\nexport default { fetch: answerPublish }`
    const { script } = await bundle(HANDLERS_DIRECTORY, main)
    const workerd = await startWorkerd({ script, env: {} })
    return {
      ask: (body) => fetch(workerd.url, { method: 'POST', body }),
      [Symbol.asyncDispose]: () => workerd[Symbol.asyncDispose](),
    }
  },
}

/** The publisher of a host, as whoever publishes sees it. */
async function publishAt(
  host: Host | undefined,
  place: PublisherPlace,
  records: readonly PublishRecord[],
): Promise<readonly Landed[]> {
  const answer = await host?.ask(askedOf(place, records))
  if (answer?.ok === true) return (await answer.json()) as readonly Landed[]
  const text = (await answer?.text()) ?? 'the host has not started'
  if (!text.startsWith('{')) throw new Error(text)
  const { code, detail } = JSON.parse(text) as { code: FaultCode; detail: string }
  throw new GatewayError(code, detail)
}

/** One for all sends, as the relay has it. */
function lasting(broker: string): Promise<PublisherTarget> {
  const publisher = openKafkaPublisher({
    brokers: [broker],
    clientId: 'inlet-test',
    compression: 'none',
    clock: systemClock,
    log: silentLog,
  })
  return Promise.resolve({ ...publisher, [Symbol.asyncDispose]: () => publisher.close() })
}

describeWithKafka('publishers', (brokers) => {
  let rest: RestProxy
  beforeAll(async () => {
    rest = await startRestProxy(brokers)
  })
  afterAll(() => rest[Symbol.asyncDispose]())

  describePublisher({
    runtime: 'Bun',
    adapter: 'kafkajs',
    brokers,
    open: () => lasting(brokers),
    openNowhere: () => lasting(NOWHERE),
  })

  for (const runtime of ['Bun', 'workerd'] as const) {
    let host: Host | undefined
    beforeAll(async () => {
      host = await HOSTS[runtime]()
    })
    afterAll(() => host?.[Symbol.asyncDispose]())
    const at = (place: () => PublisherPlace) => () =>
      Promise.resolve({
        publish: (records: readonly PublishRecord[]) => publishAt(host, place(), records),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      })

    describePublisher({
      runtime,
      adapter: 'kafkajs in one invocation',
      brokers,
      open: at(() => ({ brokers })),
      openNowhere: at(() => ({ brokers: NOWHERE })),
    })
    describePublisher({
      runtime,
      adapter: 'the REST proxy',
      brokers,
      open: at(() => ({ restUrl: rest.url })),
      openNowhere: at(() => ({ restUrl: `http://${NOWHERE}/v3/clusters/test` })),
    })
  }
})
