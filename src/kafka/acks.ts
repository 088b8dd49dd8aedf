import { GatewayError } from '../faults/faults.ts'
import type { Landed } from '../record.ts'

/** Records of one send that go to the same topic and partition. */
export interface SentTo {
  readonly topic: string
  readonly partition: number
  /** How many its topic had. */
  readonly partitions?: number | undefined
  readonly positions: readonly number[]
}

/** What kafkajs returns for a topic and partition. */
export interface Ack {
  readonly topicName: string
  readonly partition: number
  readonly errorCode: number
  readonly baseOffset?: string
}

/** The last offset that each topic and partition acknowledged to this producer. */
export type LastOffsets = Map<string, bigint>

/**
 * Where the records landed, if the answer proves that they did. Two ways in which kafkajs 2.2.4
 * resolves without that:
 *
 * - A partition is missing from the answer. Its leader moved, within the send, to a broker that had
 *   answered already: kafkajs asks no broker twice.
 * - A partition answers with an offset that it has answered before. kafkajs counted the sequence
 *   numbers of an earlier try back while a later one was using them; Kafka takes a batch with known
 *   sequence numbers for a repetition, whatever is in it, and acknowledges the old one.
 *
 * @throws GatewayError BROKER_UNAVAILABLE: some of it counts as unsent.
 */
export function proveLanded(
  sent: readonly SentTo[],
  acks: readonly Ack[],
  lastOffsets: LastOffsets,
): Landed[] {
  return sent.map(({ topic, partition, partitions, positions }) => {
    const name = `${topic}/${partition}`
    const offsets = acks
      .filter((ack) => ack.topicName === topic && ack.partition === partition)
      .filter((ack) => ack.errorCode === 0 && ack.baseOffset !== undefined)
      .map((ack) => BigInt(ack.baseOffset ?? -1))
      .toSorted((a, b) => (a < b ? -1 : 1))
    // Two answers: the partition took the records twice. The first copy is where they landed.
    const [first, last] = [offsets[0], offsets.at(-1)]
    if (first === undefined || last === undefined || first < 0n) {
      throw new GatewayError('BROKER_UNAVAILABLE', `${name} did not acknowledge the send`)
    }
    if (first <= (lastOffsets.get(name) ?? -1n)) {
      throw new GatewayError('BROKER_UNAVAILABLE', `${name} acknowledged an earlier send`)
    }
    lastOffsets.set(name, last + BigInt(positions.length) - 1n)
    return { topic, partition, partitions, baseOffset: String(first), positions }
  })
}
