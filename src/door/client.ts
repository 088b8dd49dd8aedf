import { holderOf, isWithin, parseAddress, type Address, type Network } from '../address.ts'
import { PROXY_HOPS_MAX } from '../limits/limits.ts'

/**
 * Names the client whose limits a request counts against: an IPv4 address, or the /64 of an IPv6
 * one.
 *
 * Each proxy writes the address that it saw at the right end of X-Forwarded-For; what is further
 * left is what the sender claimed. So it is read from the right, and only past addresses that
 * belong to a trusted proxy. A hop that cannot be read stops it: then its proxy is the client.
 */
export function clientOf(
  peer: string,
  forwardedFor: string | null,
  trusted: readonly Network[],
): string {
  // The usual IPv4 peer is its own name: nothing to parse, 0.1 µs instead of 1.
  if (trusted.length === 0 && !peer.includes(':')) return peer
  let client = parseAddress(peer)
  if (client === undefined) return peer
  let rest = forwardedFor ?? ''
  for (let hops = 0; hops < PROXY_HOPS_MAX && rest !== ''; hops += 1) {
    if (!isTrusted(client, trusted)) break
    const comma = rest.lastIndexOf(',')
    const hop = parseAddress(withoutPort(rest.slice(comma + 1).trim()))
    if (hop === undefined) break
    client = hop
    rest = rest.slice(0, Math.max(0, comma))
  }
  return holderOf(client)
}

function isTrusted(address: Address, trusted: readonly Network[]): boolean {
  return trusted.some((network) => isWithin(address, network))
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(hop)
  return match?.[1] ?? match?.[2] ?? hop
}
