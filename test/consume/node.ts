import type { z } from 'zod'
import { openConsumerPositions } from '../../db/consume.ts'
import { openStoredState } from '../../db/consumer-state.ts'
import { systemClock } from '../../src/clock.ts'
import { RunningConsumer } from '../../src/consume/consume.ts'
import type { ConsumerDefinition, PartitionShare } from '../../src/consumer.ts'
import { resolveConsumers } from '../../src/loading/consumers.ts'
import { defineConsumer } from '../../src/gateway.ts'
import { openKafkaFeed } from '../../src/kafka/consumer.ts'
import { openKafkaPublisher } from '../../src/kafka/producer.ts'
import { silentLog, type Log } from '../../src/log.ts'
import { openDbWorld, type DbWorld } from '../db/world.ts'

const WAIT_MS_MAX = 60_000
const POLL_MS = 20

/** A consumer with the real Kafka and a file of its own. */
export interface ConsumerNode extends AsyncDisposable {
  readonly db: DbWorld
  readonly consumer: RunningConsumer
  /** Ends the consumer; the file stays. */
  stop(): Promise<void>
}

interface NodeOptions {
  readonly db?: DbWorld
  readonly log?: Log
  readonly share?: PartitionShare
  /** How long Kafka waits for a member that is gone. Default: as in production. */
  readonly sessionMs?: number
  /** After which silence it is started anew. Default: as in production. */
  readonly silentMs?: number
}

export async function openNode<State extends z.ZodType>(
  brokers: string,
  definition: Omit<ConsumerDefinition<State>, 'kind' | 'name'>,
  options: NodeOptions = {},
): Promise<ConsumerNode> {
  const { db = await openDbWorld(), log = silentLog, share, sessionMs, silentMs } = options
  const { database, writer, dedup } = db
  const defined = defineConsumer('counting', definition)
  const consumers = resolveConsumers([{ file: 'counting.ts', definition: defined }])
  const consumer = consumers.get('counting')
  if (consumer === undefined) throw new Error('the consumer is there')
  const positions = openConsumerPositions(database)
  const running = new RunningConsumer(() => consumer, {
    clock: systemClock,
    log,
    epoch: database.epoch,
    openFeed: async ({ group, topics, state }) =>
      openKafkaFeed({
        brokers: brokers.split(','),
        clientId: 'consume-test',
        security: {},
        clock: systemClock,
        log,
        group,
        topics,
        share,
        keepsState: state !== undefined,
        ...(sessionMs === undefined ? {} : { sessionMs }),
        ...(silentMs === undefined ? {} : { silentMs }),
      }),
    commit: (commit) => writer.commitConsumed(commit),
    stored: openStoredState(database),
    position: (group, place) => positions.find(group, place),
    lookFor(source, eventId) {
      const receivedAt = systemClock.now()
      return dedup.lookFor({ source, eventId, eventIdValidMs: undefined, receivedAt })
    },
  })
  const stopping = new AbortController()
  const ended = running.run(stopping.signal)
  async function stop() {
    stopping.abort()
    await ended
  }
  return {
    db,
    consumer: running,
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      if (options.db === undefined) await db[Symbol.asyncDispose]()
    },
  }
}

/** Publishes values with their keys, in order, 500 at a time. */
export async function produce(
  brokers: string,
  topic: string,
  values: readonly { readonly key: string; readonly value: unknown }[],
): Promise<void> {
  const publisher = openKafkaPublisher({
    brokers: brokers.split(','),
    clientId: 'consume-test',
    compression: 'gzip',
    clock: systemClock,
    log: silentLog,
  })
  try {
    for (let at = 0; at < values.length; at += 500) {
      await publisher.publish(
        values.slice(at, at + 500).map(({ key, value }) => ({
          topic,
          key,
          value: new TextEncoder().encode(JSON.stringify(value)),
          headers: { 'content-type': 'application/json' },
        })),
      )
    }
  } finally {
    await publisher.close()
  }
}

/** Polls until it holds; throws with `what` where it never does. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + WAIT_MS_MAX
  while (!holds()) {
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`it never holds that ${what}`)
    await systemClock.sleep(POLL_MS)
  }
}
