import type { Consumer } from '../consumer.ts'
import { GatewayError } from '../faults/faults.ts'
import type { CommittedOffset, ConsumePorts, StartPosition } from './ports.ts'

interface StartPorts extends Pick<ConsumePorts, 'position' | 'epoch'> {
  /** Whether it reads other partitions of the topic now. */
  readonly isRead: (topic: string) => boolean
}

/**
 * Where a consumer begins in partitions that become its own. Those that were added to a topic that
 * it reads begin at their first record, whatever it says: all of it came while it read the topic.
 *
 * @throws GatewayError STATE_ELSEWHERE where it keeps state, and another file has that of one.
 */
export function startsOf(
  committed: readonly CommittedOffset[],
  consumer: Consumer,
  ports: StartPorts,
): readonly StartPosition[] {
  const starts = committed.map((each) => startOf(each, consumer, ports))
  const known = new Set(starts.flatMap(({ topic, start }) => (start === 'latest' ? [] : [topic])))
  return starts.map((each) =>
    each.start === 'latest' && (known.has(each.topic) || ports.isRead(each.topic))
      ? { ...each, start: 'earliest' }
      : each,
  )
}

function startOf(
  { topic, partition, offset, metadata }: CommittedOffset,
  { group, from, state }: Consumer,
  { position, epoch }: StartPorts,
): StartPosition {
  const own = position(group, { topic, partition })
  // Another file has gone on from where this one was: its offset counts, and not ours.
  const isOurs = offset === null || metadata === epoch
  // Not where a person has reset the offset: that leaves no name, and no state anywhere.
  if (!isOurs && state !== undefined && metadata !== '') {
    throw new GatewayError('STATE_ELSEWHERE', `${topic}/${partition}`)
  }
  return { topic, partition, start: (isOurs ? own : undefined) ?? offset ?? from }
}
