import { FAULTS, type Fault, type FaultCode } from '../src/faults/faults.ts'

/**
 * How long a sender should wait before it tries again, in seconds: a restart or a sync
 * is over by then.
 */
const RETRY_AFTER_S = 5

/** What a problem says beside its standard members. */
export type ProblemMembers = Readonly<Record<string, unknown>>

/**
 * An RFC 9457 problem document. `code` is stable; `title` and `detail` are for people, and carry
 * neither secrets nor payload.
 */
export function problem(
  code: FaultCode,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
  members: ProblemMembers = {},
): Response {
  return prepareProblem(code, detail, headers, members)()
}

/** The same, for one that is answered often: what it is made of is made once. */
export function prepareProblem(
  code: FaultCode,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
  members: ProblemMembers = {},
): () => Response {
  const { status, title, retryAfterS = RETRY_AFTER_S }: Fault = FAULTS[code]
  const type = `urn:inlet:fault:${code.toLowerCase()}`
  const body = JSON.stringify({ type, title, status, detail, code, ...members })
  const init = {
    status,
    headers: new Headers({
      'content-type': 'application/problem+json',
      ...(status === 503 ? { 'retry-after': String(retryAfterS) } : {}),
      ...headers,
    }),
  }
  return () => new Response(body, init)
}
