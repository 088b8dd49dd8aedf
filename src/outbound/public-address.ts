import { isWithin, parseAddress, parseNetwork, type Network } from '../address.ts'
import { assert } from '../assert.ts'

/**
 * IPv4 networks that are not the internet, by the registry of special purposes (RFC 6890): this
 * machine, private and shared networks, link-local, where clouds hand out credentials, and those
 * for examples, tests, multicast and the future.
 */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
].map(network)

/** All that is given out so far; the rest of IPv6 is local, translated or multicast. */
const GLOBAL_IPV6 = network('2000::/3')

/** Within it: protocols, tunnels (Teredo and 6to4 carry an IPv4 address), and examples. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map(network)

/** IPv4, as an address of IPv6. */
const MAPPED = network('::ffff:0:0/96')

/** Whether an address belongs to the internet, and not to this machine or a network behind it. */
export function isPublicAddress(text: string): boolean {
  const address = parseAddress(text)
  if (address === undefined) return false
  if (isWithin(address, MAPPED)) return !SPECIAL_IPV4.some((special) => isWithin(address, special))
  if (!isWithin(address, GLOBAL_IPV6)) return false
  return !SPECIAL_IPV6.some((special) => isWithin(address, special))
}

function network(text: string): Network {
  const parsed = parseNetwork(text)
  assert(parsed !== undefined, `${text} is a network`)
  return parsed
}
