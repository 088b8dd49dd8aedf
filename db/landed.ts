/**
 * Where single records landed. What is written of a publish is a row for each partition: which
 * range of entries, how many of them, and the first offset. With the number of partitions it
 * follows which of the range are meant, in seq order. Where they do not come to that many, some
 * were set aside then, and nothing is claimed.
 */
import { and, asc, between, eq, gte, lte, sql } from 'drizzle-orm'
import type { EpochMs } from '../src/clock.ts'
import { EXACT_HEADER, unpackExact } from '../src/exact-record.ts'
import type { Reader } from './open.ts'
import { outbox, publishLog } from './schema.ts'

/** Entries of a range that are looked at: batches are far smaller, and what is larger is rare. */
const RANGE_MAX = 20_000

/** Hardly any entry has one, and then nothing is parsed. */
const EXACT = sql<string | null>`case when instr(${outbox.headers}, ${EXACT_HEADER}) > 0
  then ${outbox.headers} ->> ${EXACT_HEADER} end`

/** Kafka's partition of a key. */
export type PartitionOf = (key: Uint8Array, partitions: number) => number

export interface LandedAt {
  readonly partition: number
  /** As text: Kafka's offsets are 64-bit. */
  readonly offset: string
  /** By the wall clock; null where that was not written down. */
  readonly at: EpochMs | null
}

interface Entry {
  readonly seq: number
  readonly topic: string
}

/** Null where nothing says it for certain. Each time looks at the whole log of publishes. */
export function openLanded({ orm }: Reader, partitionOf: PartitionOf) {
  const slot = sql.placeholder
  const publishes = orm
    .select()
    .from(publishLog)
    .where(
      and(
        eq(publishLog.topic, slot('topic')),
        lte(publishLog.seqFirst, slot('seq')),
        gte(publishLog.seqLast, slot('seq')),
      ),
    )
    .prepare()
  const entries = orm
    .select({ seq: outbox.seq, key: outbox.key, exact: EXACT })
    .from(outbox)
    .where(
      and(between(outbox.seq, slot('seqFirst'), slot('seqLast')), eq(outbox.topic, slot('topic'))),
    )
    .orderBy(asc(outbox.seq))
    .prepare()
  const encoder = new TextEncoder()

  /** Those of a range that went to its partition; undefined where that is not certain. */
  function membersOf(publish: typeof publishLog.$inferSelect): readonly number[] | undefined {
    const { seqFirst, seqLast, topic, partition, partitions, records } = publish
    if (seqLast - seqFirst >= RANGE_MAX) return undefined
    const members = entries
      .all({ seqFirst, seqLast, topic })
      .filter(({ key: text, exact }) => {
        const key = (exact === null ? undefined : unpackExact(exact)?.key) ?? encoder.encode(text)
        return partitions === null || partitionOf(key, partitions) === partition
      })
      .map(({ seq }) => seq)
    return members.length === records ? members : undefined
  }

  return ({ seq, topic }: Entry): LandedAt | null => {
    for (const publish of publishes.all({ seq, topic })) {
      const place = membersOf(publish)?.indexOf(seq) ?? -1
      if (place === -1) continue
      const offset = String(BigInt(publish.baseOffset) + BigInt(place))
      return { partition: publish.partition, offset, at: publish.publishedAt }
    }
    return null
  }
}
