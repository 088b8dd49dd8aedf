/** What the resources of the admin API share. Each is a file beside this one, like sources.ts. */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { z } from 'zod'
import { Problem } from '../../src/admin-api/admin-api.ts'
import { FAULTS, GatewayError, type FaultCode } from '../../src/faults/faults.ts'
import type { Visitor } from '../operator.ts'

/**
 * An empty resource. What does not fit a route's schemas is refused with 400; a handler refuses by
 * throwing a GatewayError, and needs no check of who asks: the guard stands before it.
 */
export function openResource() {
  return new OpenAPIHono<{ Bindings: Visitor }>({
    defaultHook(result) {
      if (result.success) return
      const detail = result.error.issues
        .slice(0, ISSUES_SHOWN)
        .map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '))
        .join('; ')
      throw new GatewayError('REQUEST_MALFORMED', detail)
    },
  })
}

/** What is wrong with a request, up to here: a person reads it. */
const ISSUES_SHOWN = 5

/** The responses of a route: its answer, and the problems that it answers instead. */
export function answering<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  faults: readonly FaultCode[] = [],
) {
  const json = <Type extends z.ZodType>(type: Type) => ({ 'application/json': { schema: type } })
  return {
    200: { description, content: json(schema) },
    ...Object.fromEntries(
      Map.groupBy([...faults, 'REQUEST_MALFORMED', 'OPERATOR_REFUSED'] as const, statusOf)
        .entries()
        .map(([status, codes]) => [status, problems(codes)]),
    ),
  }
}

/** The same for an answer that is not written by `c.json`. */
export function answeringRaw(
  mediaType: string,
  schema: z.ZodType,
  description: string,
  faults: readonly FaultCode[] = [],
): { 200: { description: string } } {
  const answer = { description, content: { [mediaType]: { schema } } }
  return { ...answering(schema, description, faults), 200: answer }
}

function statusOf(code: FaultCode): number {
  return FAULTS[code].status
}

/** Faults that share a status. */
function problems(codes: readonly FaultCode[]) {
  return {
    description: codes.map((code) => `\`${code}\`: ${FAULTS[code].title}`).join(' '),
    content: { 'application/problem+json': { schema: Problem } },
  }
}
