import { z } from 'zod'

export type Parsed<Data> = z.ZodSafeParseResult<Data>

/**
 * Checks data against a schema. One that waits for something says so by throwing: most do not, and
 * cost no promise.
 */
export function parseData<Data>(
  schema: z.ZodType<Data>,
  data: unknown,
): Parsed<Data> | Promise<Parsed<Data>> {
  try {
    return schema.safeParse(data)
  } catch (error) {
    if (error instanceof z.core.$ZodAsyncError) return schema.safeParseAsync(data)
    throw error
  }
}
