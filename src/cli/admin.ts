import { z } from 'zod'
import type { Environment } from '../settings/config.ts'
import { FAULTS, GatewayError, messageOf, type FaultCode } from '../faults/faults.ts'

/** A healthy gateway answers within a few ms, one under full load within tens. */
const ANSWER_MS_MAX = 2_000

/** How long it may count events before it begins to send them again. */
const API_ANSWER_MS_MAX = 10_000

/** What is asked of the admin API, and what it answers. */
export interface ApiQuestion<Schema extends z.ZodType> {
  readonly path: string
  readonly method?: 'GET' | 'POST'
  readonly json?: unknown
  readonly schema: Schema
}

/**
 * Asks the admin API of the gateway that runs with the same environment.
 *
 * @throws GatewayError GATEWAY_UNREACHABLE, or what the gateway says.
 */
export async function askApi<Schema extends z.ZodType>(
  env: Environment,
  { path, method = 'GET', json, schema }: ApiQuestion<Schema>,
): Promise<z.infer<Schema>> {
  const answer = await fetch(`${adminUrl(env)}${path}`, {
    method,
    signal: AbortSignal.timeout(API_ANSWER_MS_MAX),
    headers: {
      ...authorization(env),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  }).catch(noAnswerFrom(env))
  if (answer.ok) return schema.parse(await answer.json().catch(() => undefined))
  throw await refusalOf(answer)
}

/** One event of a stream. */
interface StreamEvent {
  readonly event: string
  readonly data: string
}

/**
 * The server-sent events of the admin API, until it ends them.
 *
 * @throws GatewayError GATEWAY_UNREACHABLE, or what the gateway says.
 */
export async function* openApiStream(env: Environment, path: string): AsyncGenerator<StreamEvent> {
  const answer = await fetch(`${adminUrl(env)}${path}`, { headers: authorization(env) }).catch(
    noAnswerFrom(env),
  )
  if (!answer.ok || answer.body === null) throw await refusalOf(answer)
  let text = ''
  const decoder = new TextDecoder()
  const chunks: AsyncIterable<Uint8Array> = answer.body
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const [, event] = /^event: (.*)$/m.exec(block) ?? []
      const [, data] = /^data: (.*)$/m.exec(block) ?? []
      if (event !== undefined && data !== undefined) yield { event, data }
    }
  }
}

function noAnswerFrom(env: Environment): (error: unknown) => never {
  return (error) => {
    throw new GatewayError('GATEWAY_UNREACHABLE', `${adminUrl(env)}: ${messageOf(error)}`)
  }
}

async function refusalOf(answer: Response): Promise<GatewayError> {
  const body: unknown = await answer.json().catch(() => undefined)
  const { data } = Problem.safeParse(body)
  if (data === undefined || !isFaultCode(data.code)) {
    return new GatewayError('GATEWAY_UNREACHABLE', `${answer.url} answers ${answer.status}`)
  }
  return new GatewayError(data.code, data.detail)
}

function authorization(env: Environment): Record<string, string> {
  const token = env['INLET_ADMIN_TOKEN']
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

const Problem = z.object({ code: z.string(), detail: z.string() })

function isFaultCode(code: string): code is FaultCode {
  return Object.hasOwn(FAULTS, code)
}

/** Asks the admin port of the gateway that runs with the same environment. */
export function askGateway(env: Environment, path: string, method = 'GET'): Promise<Response> {
  return fetch(`${adminUrl(env)}${path}`, {
    method,
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
    headers: authorization(env),
  })
}

/** Where the admin port is from within this machine: an address that means any means loopback. */
function adminUrl(env: Environment): string {
  const host = env['INLET_ADMIN_HOST'] || '127.0.0.1'
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${near.includes(':') ? `[${near}]` : near}:${env['INLET_ADMIN_PORT'] || '8081'}`
}
