/** The wiring's part that consumes: which consumers are served, and what they are given. */
import { openConsumerPositions } from '../../db/consume.ts'
import { openStoredState } from '../../db/consumer-state.ts'
import type { Dedup } from '../../db/dedup.ts'
import type { Reader } from '../../db/open.ts'
import type { Writer } from '../../db/writer.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import type { StoreAgain } from '../consume/again.ts'
import { RunningConsumer } from '../consume/consume.ts'
import type { ConsumePorts } from '../consume/ports.ts'
import { RangeReading } from '../consume/ranges.ts'
import type { Consumer, FetchedRecord, OffsetRange } from '../consumer.ts'
import type { ConsumerStatus, Places, SeekTarget } from '../consumer-status.ts'
import { GatewayError } from '../faults/faults.ts'
import { lazily } from '../lazily.ts'
import type { Log } from '../log.ts'
import type { Reloader } from '../loading/reload.ts'
import type { Rerun, RerunQuery } from '../rerun.ts'
import type { Scope } from '../scope.ts'
import type { HandlerWatch } from '../handler-watch.ts'

export interface ConsumingPorts {
  readonly clock: Clock
  readonly log: Log
  readonly scope: Scope
  readonly writer: Writer
  readonly reader: Reader
  readonly dedup: Dedup
  readonly epoch: string
  readonly reloader: Reloader
  readonly watchdog: HandlerWatch
  /** For tests that kill members of a group. Default: CONSUMER_SESSION_MS. */
  readonly consumerSessionMs?: number
}

/** Consumers as others see them. */
export interface Consuming {
  /** Undefined where it is not served, or not run here. */
  status(name: string): ConsumerStatus | undefined
  /** Until `resume`, or until the process begins again. */
  pause(name: string): void
  resume(name: string): void
  /** Resolves to the number of partitions in which it goes on elsewhere. */
  seek(name: string, places: Places, target: SeekTarget): Promise<number>
  /**
   * Has it go on with what this file has, whatever another has read.
   *
   * @throws GatewayError GROUP_ALIVE where somebody reads in its group, and faults of Kafka.
   */
  adopt(name: string): Promise<void>
  /**
   * Handles a dead letter of a consumer that keeps state.
   *
   * @throws GatewayError CONSUMER_NOT_RUNNING.
   */
  again<Stored>(
    name: string,
    record: FetchedRecord,
    store: StoreAgain<Stored>,
  ): Promise<Stored | undefined>
  /**
   * What is there now of what somebody asks to have handled again.
   *
   * @throws GatewayError CONSUMER_UNKNOWN, CONSUMER_NOT_RUNNING, CONSUMER_KEEPS_STATE, and faults
   * of Kafka.
   */
  ranges(query: RerunQuery): Promise<readonly OffsetRange[]>
  /** Has a consumer handle the ranges of a rerun again. @throws GatewayError As `ranges`. */
  readAgain(rerun: Rerun, paced: (stored: number) => Promise<void>): RangeReading
}

interface Run {
  readonly consumer: RunningConsumer
  readonly group: string
  /** What a life of it was begun with: where that changes, another begins. */
  readonly shape: string
  readonly stop: AbortController
  readonly ended: Promise<void>
}

/** Runs the consumers that are served, and follows every reload. */
export function openConsuming(config: Config, ports: ConsumingPorts): Consuming {
  const { log, scope, reloader } = ports
  const runs = new Map<string, Run>()
  const paused = new Set<string>()
  if (config.INLET_SINK !== 'kafka') {
    const names = [...reloader.current().consumers.keys()].join(',')
    if (names !== '') log.warn('consumer.without_kafka', { consumers: names, hint: NEEDS_KAFKA })
    return NOBODY
  }
  // Where nobody consumes a start does not wait for its statements.
  const consumePorts = lazily(() => toPorts(config, ports))

  function start(name: string, first: Consumer, signal: AbortSignal): Run {
    let served = first
    // One that is no longer there goes on as it was until it has stopped.
    const current = () => (served = reloader.current().consumers.get(name) ?? served)
    const consumer = new RunningConsumer(current, consumePorts())
    if (paused.has(name)) consumer.pause()
    const stop = new AbortController()
    const ended = consumer.run(AbortSignal.any([signal, stop.signal]))
    return { consumer, group: first.group, shape: shapeOf(first), stop, ended }
  }

  function find(name: string): Run {
    const run = runs.get(name)
    if (run === undefined) throw new GatewayError('CONSUMER_NOT_RUNNING', name)
    return run
  }

  /** Ends what is no longer served as it was, and begins what is new. */
  async function follow(signal: AbortSignal): Promise<void> {
    const { consumers } = reloader.current()
    for (const [name, run] of runs) {
      const consumer = consumers.get(name)
      if (consumer !== undefined && shapeOf(consumer) === run.shape) continue
      run.stop.abort()
      await run.ended
      runs.delete(name)
    }
    for (const [name, consumer] of consumers) {
      if (!runs.has(name)) runs.set(name, start(name, consumer, signal))
    }
  }

  scope.run('consumers', async (signal) => {
    await atEachReload(reloader, signal, () => follow(signal))
    await Promise.all([...runs.values()].map(({ ended }) => ended))
  })
  return {
    status: (name) => runs.get(name)?.consumer.status(),
    pause(name) {
      paused.add(name)
      runs.get(name)?.consumer.pause()
      log.info('consumer.paused', { consumer: name })
    },
    resume(name) {
      paused.delete(name)
      runs.get(name)?.consumer.resume()
      log.info('consumer.resumed', { consumer: name })
    },
    async seek(name, places, target) {
      const partitions = (await runs.get(name)?.consumer.seek(places, target)) ?? 0
      const to = typeof target === 'object' ? new Date(target.at).toISOString() : target
      log.info('consumer.sought', { consumer: name, ...places, to, partitions })
      return partitions
    },
    async adopt(name) {
      const { group, consumer } = find(name)
      await refuseMembers(group, config, ports)
      consumer.adopt()
      log.info('consumer.adopted', { consumer: name })
    },
    again: async (name, record, store) => find(name).consumer.again(record, store),
    ...openReadingAgain(config, ports, consumePorts),
  }
}

/** Calls `follow` at once and after every reload, one call at a time, until `signal` aborts. */
async function atEachReload(
  reloader: Reloader,
  signal: AbortSignal,
  follow: () => Promise<void>,
): Promise<void> {
  let wake: () => void = () => undefined
  reloader.onServed(() => wake())
  signal.addEventListener('abort', () => wake(), { once: true })
  while (!signal.aborted) {
    const changed = new Promise<void>((resolve) => (wake = resolve))
    await follow()
    if (!signal.aborted) await changed
  }
}

/** @throws GatewayError GROUP_ALIVE where somebody reads what this node would. */
async function refuseMembers(
  group: string,
  config: Config,
  { clock, log }: ConsumingPorts,
): Promise<void> {
  const { findMembers } = await import('../kafka/group-members.ts')
  const which = { group, share: config.INLET_PARTITIONS }
  const members = await findMembers(which, { ...toKafka(config), clock, log })
  if (members.length > 0) throw new GatewayError('GROUP_ALIVE', members.join(', '))
}

/** Consumers that handle again what is in their topics, each in a group of its own. */
function openReadingAgain(
  config: Config,
  { clock, log, reloader }: ConsumingPorts,
  ports: () => ConsumePorts,
): Pick<Consuming, 'ranges' | 'readAgain'> {
  function find(name = ''): Consumer {
    const consumer = reloader.current().consumers.get(name)
    if (consumer === undefined) {
      throw new GatewayError('CONSUMER_UNKNOWN', `no handler file defines "${name}"`)
    }
    if (consumer.state !== undefined) throw new GatewayError('CONSUMER_KEEPS_STATE', name)
    return consumer
  }
  return {
    async ranges({ consumer, topic, partition, from = 'earliest', to = 'latest' }) {
      const { topics } = find(consumer)
      const { findRanges } = await import('../kafka/ranges.ts')
      const places = {
        ...(topic === undefined ? {} : { topic }),
        ...(partition === undefined ? {} : { partition }),
      }
      return findRanges({ topics, from, to, ...places }, { ...toKafka(config), clock, log })
    },
    readAgain({ id, query: { consumer: name, ranges = [] } }, paced) {
      const topics = [...new Set(ranges.map(({ topic }) => topic))]
      const again = (now: Consumer): Consumer => ({
        ...now,
        topics,
        group: `${now.group}.${id}`,
        from: 'earliest',
        rerun: id,
      })
      let served = find(name)
      let made = again(served)
      function consumer(): Consumer {
        const now = reloader.current().consumers.get(served.name) ?? served
        if (now !== served) [served, made] = [now, again(now)]
        return made
      }
      return new RangeReading({ consumer, ranges, ports: ports(), paced })
    },
  }
}

const NEEDS_KAFKA = 'consumers read from Kafka: set INLET_SINK=kafka'

/** Where records go to files, nothing is consumed. */
const NOBODY: Consuming = {
  status: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  seek: () => Promise.resolve(0),
  adopt: () => Promise.reject(new GatewayError('CONSUMER_NOT_RUNNING', NEEDS_KAFKA)),
  again: () => Promise.reject(new GatewayError('CONSUMER_NOT_RUNNING', NEEDS_KAFKA)),
  ranges: () => Promise.reject(new GatewayError('CONSUMER_NOT_RUNNING', NEEDS_KAFKA)),
  readAgain() {
    throw new GatewayError('CONSUMER_NOT_RUNNING', NEEDS_KAFKA)
  },
}

/** What a life is begun with: handlers, schemas and times are looked up for each record. */
export function shapeOf({ topics, group, from, state, concurrency, ...limits }: Consumer): string {
  const { memoryBytesMax, stateEntriesMax } = limits
  const bounds = [concurrency, memoryBytesMax, stateEntriesMax]
  // One that keeps state is asked before it joins whether another file has that.
  return JSON.stringify([topics.map(String), group, from, state !== undefined, bounds])
}

function toKafka(config: Config) {
  return {
    brokers: config.KAFKA_BROKERS,
    clientId: config.KAFKA_CLIENT_ID,
    security: config.kafkaSecurity,
  }
}

function toPorts(config: Config, ports: ConsumingPorts): ConsumePorts {
  const { clock, log, writer, dedup, epoch, watchdog, consumerSessionMs: sessionMs } = ports
  const positions = openConsumerPositions(ports.reader)
  return {
    clock,
    log,
    epoch,
    watchdog,
    async openFeed({ group, topics, rerun, state }) {
      // kafkajs takes 10 ms to load: no start waits for that where nobody consumes.
      const { openKafkaFeed } = await import('../kafka/consumer.ts')
      // A rerun is one node's, whosever partitions it is about.
      const share = rerun === undefined ? config.INLET_PARTITIONS : undefined
      const keepsState = state !== undefined
      const own = { group, topics, share, keepsState, ...(sessionMs && { sessionMs }) }
      return openKafkaFeed({ ...toKafka(config), clock, log, ...own })
    },
    commit: (commit) => writer.commitConsumed(commit),
    stored: openStoredState(ports.reader),
    position: (group, place) => positions.find(group, place),
    lookFor: (source, eventId) =>
      dedup.lookFor({ source, eventId, eventIdValidMs: undefined, receivedAt: clock.now() }),
  }
}
