import type { Clock } from '../clock.ts'
import { GatewayError, messageOf } from '../errors.ts'
import { OUTBOUND_BYTES_MAX, OUTBOUND_MS_MAX } from '../limits.ts'
import { allowedUrl, type CallOut, type OutboundCall } from '../outbound-call.ts'

/**
 * The way out of a runtime that reaches nothing but the internet: https to listed hosts, without
 * redirects, within limits. Where a network of one's own can be reached, call-out.ts is needed,
 * which looks at addresses, too. What it throws names the host and never the rest of a URL.
 */
export function openFetchOut({ clock }: { readonly clock: Clock }): CallOut {
  return async (call) => {
    const url = allowedUrl(call)
    const over = new AbortController()
    const patience = new AbortController()
    const timeUp = clock.sleep(OUTBOUND_MS_MAX, patience.signal).then((): never => {
      over.abort()
      throw new Error(`no answer within ${OUTBOUND_MS_MAX} ms`)
    })
    try {
      return await Promise.race([request(call, url, over.signal), timeUp])
    } catch (error) {
      // What fetch says of a failure quotes the URL, which may hold a token.
      const reason = messageOf(error).replaceAll(/https?:\/\/\S+/g, 'the URL')
      throw new GatewayError('OUTBOUND_FAILED', `${url.host}: ${reason}`)
    } finally {
      patience.abort()
      timeUp.catch(() => undefined)
    }
  }
}

async function request(
  { method = 'GET', headers = {}, body }: OutboundCall,
  url: URL,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: Uint8Array }> {
  const response = await fetch(url, {
    method,
    headers: { ...headers },
    redirect: 'manual',
    signal,
    ...(body === undefined ? {} : { body }),
  })
  const bytes = await response.bytes()
  if (bytes.byteLength > OUTBOUND_BYTES_MAX)
    throw new Error(`more than ${OUTBOUND_BYTES_MAX} bytes`)
  return { status: response.status, body: bytes }
}
