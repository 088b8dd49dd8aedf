import { z } from 'zod'

/** What the bare producer is given: the records of the outbox, in the batches of the relay. */
export const RecordsFile = z.object({
  batches: z.array(
    z.array(
      z.object({ key: z.string(), value: z.string(), headers: z.record(z.string(), z.string()) }),
    ),
  ),
})
export type RecordsFile = z.infer<typeof RecordsFile>
