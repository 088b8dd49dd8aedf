/** Bearer tokens: where they come from, and that each is used until shortly before its end. */
import type { Clock } from '../clock.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import type { KafkaSasl } from '../settings/kafka-security.ts'
import { TOKEN_BYTES_MAX, TOKEN_MS_MAX } from '../limits/limits.ts'

export interface Token {
  readonly value: string
  /** How long it is valid from now, in ms. */
  readonly validMs: number
}

/** A token is replaced after this share of its life, so that none expires on its way. */
const LIFE_USED = 0.8

/**
 * And before this much of it is left. kafkajs logs in again 10 s before a login ends, which then
 * has to get a token that lasts longer: else it does so before every request, and Kafka refuses a
 * login within a second of the last (both measured).
 */
const LIFE_LEFT_MS = 20_000

/**
 * Gives the current token, and fetches the next one when it is due: once, however many ask.
 *
 * @returns A function that throws GatewayError BROKER_UNAVAILABLE where none can be had.
 */
export function openTokens(
  fetchToken: (signal: AbortSignal) => Promise<Token> | Token,
  clock: Clock,
): () => Promise<string> {
  let current: { readonly token: Promise<Token>; dueMs: number } | undefined

  async function next(): Promise<Token> {
    const over = new AbortController()
    const patience = new AbortController()
    const timeUp = clock.sleep(TOKEN_MS_MAX, patience.signal).then(() => {
      over.abort()
      throw new Error(`no token within ${TOKEN_MS_MAX} ms`)
    })
    try {
      return await Promise.race([fetchToken(over.signal), timeUp])
    } finally {
      patience.abort()
      timeUp.catch(() => undefined)
    }
  }

  return async () => {
    const askedMs = clock.monotonicMs()
    if (current === undefined || askedMs >= current.dueMs) {
      current = { token: next(), dueMs: Infinity }
    }
    const mine = current
    try {
      const token = await mine.token
      if (mine.dueMs === Infinity) mine.dueMs = askedMs + usableMs(token)
      return token.value
    } catch (error) {
      if (current === mine) current = undefined
      throw new GatewayError('BROKER_UNAVAILABLE', `no login token: ${messageOf(error)}`)
    }
  }
}

function usableMs({ validMs }: Token): number {
  return Math.min(validMs * LIFE_USED, validMs - LIFE_LEFT_MS)
}

/**
 * Asks a token endpoint with the client credentials grant (RFC 6749, 4.4).
 *
 * @throws Error with the status and the endpoint's error code, never with what it was sent.
 */
export async function clientCredentials(
  sasl: Extract<KafkaSasl, { mechanism: 'oauthbearer' }>,
  signal: AbortSignal,
): Promise<Token> {
  const { tokenUrl, clientId, clientSecret, scope } = sasl
  const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':')
  const response = await fetch(tokenUrl, {
    method: 'POST',
    redirect: 'error', // what it would lead to was not configured to see the secret
    signal,
    headers: {
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      accept: 'application/json',
    },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scope === undefined ? {} : { scope }),
    }),
  })
  const answer = await readAnswer(response)
  if (!response.ok) {
    const code = typeof answer['error'] === 'string' ? answer['error'] : ''
    const known = /^[a-z_]{1,40}$/.test(code) ? `, ${code}` : ''
    throw new Error(`the token endpoint answers ${response.status}${known}`)
  }
  const { access_token: value, expires_in: seconds } = answer
  if (typeof value !== 'string' || !/^[!-~]+$/.test(value)) {
    throw new Error('the token endpoint answers without an access_token')
  }
  // Where it does not say how long (it should), the token serves this login alone.
  return { value, validMs: typeof seconds === 'number' ? seconds * 1000 : 0 }
}

async function readAnswer(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Uint8Array[] = []
  const body: AsyncIterable<Uint8Array> | null = response.body
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    if (bytes > TOKEN_BYTES_MAX) throw new Error('the token endpoint answers with too much')
    chunks.push(chunk)
  }
  try {
    const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString())
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}
