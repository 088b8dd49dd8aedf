/**
 * The one place from which an address that somebody sent us is called. It cannot be made to reach
 * what is behind the gateway: https to listed hosts only, by an address that was looked at, without
 * redirects, within limits.
 */
import { lookup } from 'node:dns/promises'
import https from 'node:https'
import type { Clock } from '../clock.ts'
import { GatewayError } from '../faults/faults.ts'
import { OUTBOUND_ADDRESSES_MAX, OUTBOUND_BYTES_MAX } from '../limits/limits.ts'
import {
  allowedUrl,
  type CallOut,
  type OutboundAnswer,
  type OutboundCall,
} from '../outbound-call.ts'
import { limited } from './limited.ts'
import { isPublicAddress } from './public-address.ts'

export interface CallOutOptions {
  readonly clock: Clock
  /** For tests: the addresses of a name. Default: the system's resolver. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>
  /** For tests, whose servers are on loopback. Default: addresses of the internet. */
  readonly mayConnect?: (address: string) => boolean
  /** For tests: the authority that signed their certificate, PEM. Default: the system's. */
  readonly ca?: string
}

/** Opens the way out. What it throws names the host and never the rest of a URL. */
export function openCallOut(options: CallOutOptions): CallOut {
  const { clock, resolve = resolveName, mayConnect = isPublicAddress } = options

  async function callWithin(call: OutboundCall, url: URL, signal: AbortSignal) {
    // Looked up once and connected to by address: a name that changes its mind between the look
    // and the call changes nothing.
    const addresses = await resolve(url.hostname)
    if (addresses.length === 0) throw new Error('it has no address')
    if (!addresses.every(mayConnect)) {
      throw new GatewayError('OUTBOUND_REFUSED', `${url.host} has an address that is not public`)
    }
    let failure: unknown
    for (const address of addresses.slice(0, OUTBOUND_ADDRESSES_MAX)) {
      try {
        return await request(call, { url, address, signal, ca: options.ca })
      } catch (error) {
        failure = error
        if (signal.aborted) break
      }
    }
    throw failure
  }

  return async (call) => {
    const url = allowedUrl(call)
    return limited(clock, url, (signal) => callWithin(call, url, signal))
  }
}

/** IPv4 first: a machine without IPv6 still finds such addresses, and would wait for them. */
async function resolveName(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true, order: 'ipv4first' })
  return found.map(({ address }) => address)
}

interface Connection {
  readonly url: URL
  readonly address: string
  readonly signal: AbortSignal
  readonly ca: string | undefined
}

/** By node:https, and not by `fetch`: every runtime lets it say which name the server must have. */
function request(
  { method = 'GET', headers = {}, body }: OutboundCall,
  { url, address, signal, ca }: Connection,
): Promise<OutboundAnswer> {
  return new Promise((resolve, reject) => {
    const asked = https.request(
      {
        host: address,
        port: url.port === '' ? 443 : Number(url.port),
        path: `${url.pathname}${url.search}`,
        method,
        headers: { ...headers, host: url.host },
        // A connection of its own, which nobody else uses after it.
        agent: false,
        signal,
        // The certificate must be the name's, not the address's.
        servername: url.hostname,
        // Said out loud: without it NODE_TLS_REJECT_UNAUTHORIZED=0 would turn the check off.
        rejectUnauthorized: true,
        ...(ca === undefined ? {} : { ca }),
      },
      (answer) => {
        const status = answer.statusCode ?? 0
        readBounded(answer).then((bytes) => resolve({ status, body: bytes }), reject)
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > OUTBOUND_BYTES_MAX) throw new Error(`more than ${OUTBOUND_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
