import type { Clock } from '../clock.ts'
import { OUTBOUND_BYTES_MAX } from '../limits/limits.ts'
import { allowedUrl, type CallOut, type OutboundCall } from '../outbound-call.ts'
import { limited } from './limited.ts'

/**
 * The way out of a runtime that reaches nothing but the internet: https to listed hosts, without
 * redirects, within limits. Where a network of one's own can be reached, call-out.ts is needed,
 * which looks at addresses, too. What it throws names the host and never the rest of a URL.
 */
export function openFetchOut({ clock }: { readonly clock: Clock }): CallOut {
  return async (call) => {
    const url = allowedUrl(call)
    return limited(clock, url, (signal) => request(call, url, signal))
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
