import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import { randomToken } from '../../src/ids.ts'
import { openKafkaFeed } from '../../src/kafka/consumer.ts'
import { silentLog } from '../../src/log.ts'
import { produce } from '../consume/node.ts'
import { fromTheBeginning } from '../support/feed-listener.ts'
import { describeWithKafka } from '../support/servers.ts'
import { createTopic, deleteTopics } from '../support/topics.ts'

setDefaultTimeout(60_000)

describeWithKafka('a membership', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  const open = (topic: string, group: string) =>
    openKafkaFeed({
      brokers: brokers.split(','),
      clientId: 'consume-test',
      security: {},
      clock: systemClock,
      log: silentLog,
      group,
      topics: [topic],
    })

  test('ends with what its listener throws at records, and gives it no more of them', async () => {
    const topic = await createTopic({ brokers, partitions: 1 })
    topics.push(topic)
    await produce(brokers, topic, [{ key: 'a', value: 1 }])
    const bug = new TypeError('a bug')
    const given: number[] = []
    const group = `throws-${randomToken()}`
    const listener = fromTheBeginning(async ({ records }) => {
      given.push(...records.map(({ offset }) => offset))
      await produce(brokers, topic, [{ key: 'a', value: 2 }])
      throw bug
    })
    let ended: unknown
    // It ends before where Kafka has not loaded the group yet.
    while (given.length === 0) {
      const run = open(topic, group).run(listener, new AbortController().signal)
      ended = await run.catch((error: unknown) => error)
    }
    expect(ended).toBe(bug)
    expect(given).toEqual([0])
  })

  test('does not call Kafka’s what its listener throws when it joins', async () => {
    const topic = await createTopic({ brokers, partitions: 1 })
    topics.push(topic)
    const broken = Object.assign(new Error('the database is broken'), { code: 'SQLITE_CORRUPT' })
    let asked = false
    const listener = {
      assigned() {
        asked = true
        throw broken
      },
      positioned: () => undefined,
      revoked: () => undefined,
      lost: () => undefined,
      sawNothing: () => undefined,
      received: () => Promise.resolve(),
    }
    const group = `throws-${randomToken()}`
    let ended: unknown
    while (!asked) {
      const run = open(topic, group).run(listener, new AbortController().signal)
      ended = await run.catch((error: unknown) => error)
    }
    expect(ended).toBe(broken)
  })
})
