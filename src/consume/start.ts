import type { Consumer } from '../consumer.ts'
import { GatewayError } from '../errors.ts'
import type { CommittedOffset, ConsumePorts, StartPosition } from './ports.ts'

/**
 * Where a consumer begins in a partition that becomes its own.
 *
 * @throws GatewayError STATE_ELSEWHERE where it keeps state, and another file has that of this
 * partition.
 */
export function startOf(
  { topic, partition, offset, metadata }: CommittedOffset,
  { group, from, state }: Consumer,
  { position, epoch }: Pick<ConsumePorts, 'position' | 'epoch'>,
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
