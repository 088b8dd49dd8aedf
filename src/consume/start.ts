import type { Consumer } from '../consumer.ts'
import { GatewayError } from '../faults/faults.ts'
import type { CommittedOffset, ConsumePorts, StartPosition } from './ports.ts'

interface StartPorts extends Pick<ConsumePorts, 'position' | 'epoch'> {
  /** Whether it reads other partitions of the topic now. */
  readonly isRead: (topic: string) => boolean
  /** Whether a person has said that this file counts, whatever another has read. */
  readonly isAdopted: boolean
}

/** A start, and how far another file has read where that does not count. */
interface Start extends StartPosition {
  readonly elsewhere?: number
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
): readonly Start[] {
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
  { name, group, from, state }: Consumer,
  { position, epoch, isAdopted }: StartPorts,
): Start {
  const own = position(group, { topic, partition })
  const place = { topic, partition }
  if (offset === null || metadata === epoch) {
    return { ...place, start: own?.offset ?? offset ?? from }
  }
  // A person has reset the offset: that leaves no name, and no state anywhere.
  if (metadata === '') return { ...place, start: offset }
  if (isAdopted) return { ...place, start: own?.offset ?? from, elsewhere: offset }
  if (state !== undefined) {
    const ours = own === undefined ? 'has read none of it' : `is at ${own.offset}`
    const told = `another database has read up to ${offset}, this one ${ours}`
    const next = `after a restore: \`inlet consumers adopt ${name}\``
    throw new GatewayError('STATE_ELSEWHERE', `${topic}/${partition}: ${told}; ${next}`)
  }
  // Nobody has what the file that this one is a copy of made of them since: they come again.
  if (own?.isRestored === true) return { ...place, start: own.offset, elsewhere: offset }
  // Another file has gone on from where this one was: its offset counts, and not ours.
  return { ...place, start: offset }
}
