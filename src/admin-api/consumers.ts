/** The admin API's part about consumers. See admin-api.ts. */
import { z } from 'zod'
import { IsoTime } from './admin-api.ts'

/** A consumer that is served. Counts begin with the process. */
export const ConsumerRow = z
  .object({
    name: z.string(),
    file: z.string().describe('Its handler file.'),
    topics: z.array(z.string()).describe('Names, and patterns between slashes.'),
    group: z.string(),
    keepsState: z.boolean().describe('Its records cannot be handled again: they count already.'),
    state: z
      .enum(['starting', 'running', 'paused', 'stopped'])
      .describe('`starting` until it has partitions, and after each failure.'),
    reason: z.string().nullable().describe('Why it does not run.'),
    lag: z.int().describe('Records in Kafka that are not processed, of all its partitions.'),
    fetchedAt: IsoTime.nullable().describe('When records were last fetched.'),
    processed: z.int().describe('Records whose handler has run to its end.'),
    duplicates: z.int().describe('Records that were processed before.'),
    passed: z.int().describe('Records that no route takes.'),
    dead: z.int().describe('Records that were given up.'),
    deadAt: IsoTime.nullable().describe('When the last one was.'),
    lost: z
      .int()
      .describe('Offsets that Kafka deleted before they were read: at most so many records.'),
    lostAt: IsoTime.nullable().describe('When that was last found.'),
    attempts: z.int().describe('Tries that began.'),
    retries: z.int().describe('Tries that failed and were made again.'),
    restarts: z.int().describe('How often it ended by itself.'),
    partitions: z.array(
      z.object({
        topic: z.string(),
        partition: z.int(),
        position: z.int().describe('Every record below it is processed.'),
        highWatermark: z.int().describe('The offset of the next record.'),
        lag: z.int(),
        unfinished: z.int().describe('Records in memory that are not processed.'),
      }),
    ),
  })
  .meta({ id: 'Consumer' })
export type ConsumerRow = z.infer<typeof ConsumerRow>

export const Consumers = z.object({ consumers: z.array(ConsumerRow) }).meta({ id: 'Consumers' })

export const SeekRequest = z
  .strictObject({
    to: z
      .union([z.enum(['earliest', 'latest']), IsoTime, z.int().min(0)])
      .describe('An end, the first record that was written since a time, or an offset.'),
    topic: z.string().optional().describe('Only this topic. Default: all.'),
    partition: z.int().min(0).optional().describe('Only this partition. Default: all.'),
  })
  .refine(
    ({ to, topic, partition }) => typeof to !== 'number' || (topic && partition !== undefined),
    {
      message: 'an offset is one of a partition: name its topic and its partition',
      path: ['to'],
    },
  )
  .meta({ id: 'SeekRequest' })
export type SeekRequest = z.infer<typeof SeekRequest>

export const Sought = z
  .object({ partitions: z.int().describe('In how many partitions it goes on there.') })
  .meta({ id: 'Sought' })
