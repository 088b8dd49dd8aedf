import { afterAll, beforeAll, setDefaultTimeout } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import { openKafkaPublisher, type KafkaPublisher } from '../../src/kafka/producer.ts'
import { openRestPublisher } from '../../src/kafka/rest-proxy.ts'
import { silentLog } from '../../src/log.ts'
import { describePublisher, type PublisherTarget } from '../conformance/publisher.ts'
import { startRestProxy, type RestProxy } from '../support/rest-proxy.ts'
import { describeWithKafka } from '../support/servers.ts'

setDefaultTimeout(60_000)

/** Nobody listens there. */
const NOWHERE = '127.0.0.1:9'

function kafkajs(brokers: string): KafkaPublisher {
  return openKafkaPublisher({
    brokers: [brokers],
    clientId: 'inlet-test',
    compression: 'none',
    clock: systemClock,
    log: silentLog,
  })
}

/** One for all sends, as the relay has it. */
function lasting(brokers: string): Promise<PublisherTarget> {
  const publisher = kafkajs(brokers)
  return Promise.resolve({ ...publisher, [Symbol.asyncDispose]: () => publisher.close() })
}

/** One for each send, as an invocation at the edge has it. */
function passing(brokers: string): Promise<PublisherTarget> {
  return Promise.resolve({
    async publish(records) {
      const publisher = kafkajs(brokers)
      try {
        return await publisher.publish(records)
      } finally {
        await publisher.close()
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
}

function overRest(url: string): Promise<PublisherTarget> {
  const publisher = openRestPublisher({ url, clock: systemClock })
  return Promise.resolve({ ...publisher, [Symbol.asyncDispose]: () => Promise.resolve() })
}

describeWithKafka('publishers', (brokers) => {
  let rest: RestProxy
  beforeAll(async () => {
    rest = await startRestProxy(brokers)
  })
  afterAll(() => rest[Symbol.asyncDispose]())

  const runtime = 'Bun'
  describePublisher({
    runtime,
    adapter: 'kafkajs',
    brokers,
    open: () => lasting(brokers),
    openNowhere: () => lasting(NOWHERE),
  })
  describePublisher({
    runtime,
    adapter: 'kafkajs in one invocation',
    brokers,
    open: () => passing(brokers),
    openNowhere: () => passing(NOWHERE),
  })
  describePublisher({
    runtime,
    adapter: 'the REST proxy',
    brokers,
    open: () => overRest(rest.url),
    openNowhere: () => overRest(`http://${NOWHERE}/v3/clusters/test`),
  })
})
