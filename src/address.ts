/**
 * IP addresses and networks. Both families are 128 bits here, an IPv4 address as its mapped form
 * `::ffff:a.b.c.d`, so that it is the same one however a socket or a header spells it.
 */

/** An address: eight groups of 16 bits. */
export type Address = readonly number[]

/** The addresses that share their first bits with one. */
export interface Network {
  readonly address: Address
  readonly prefixBits: number
}

const GROUPS = 8
const GROUP_BITS = 16
const MAPPED: Address = [0, 0, 0, 0, 0, 0xff_ff]
const MAPPED_BITS = MAPPED.length * GROUP_BITS

/** Reads an address as `inet_pton` does: strictly. Undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const groups = parseIpv4(text)
    return groups === undefined ? undefined : [...MAPPED, ...groups]
  }
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0) return undefined
  const left = parseGroups(head, tail === undefined)
  if (tail === undefined) return left?.length === GROUPS ? left : undefined
  const right = parseGroups(tail, true)
  if (left === undefined || right === undefined) return undefined
  const missing = GROUPS - left.length - right.length
  return missing < 1 ? undefined : [...left, ...Array<number>(missing).fill(0), ...right]
}

/** Groups between colons; the last of an address may be an IPv4 address. */
function parseGroups(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16))
    } else {
      const ipv4 = isLast && index === parts.length - 1 ? parseIpv4(part) : undefined
      if (ipv4 === undefined) return undefined
      groups.push(...ipv4)
    }
  }
  return groups
}

/** Four decimal numbers without leading zeros, which some programs read as octal. */
function parseIpv4(text: string): [number, number] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null || /(^|\.)0\d/.test(text)) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1).map(Number)
  if (Math.max(a, b, c, d) > 255) return undefined
  return [a * 256 + b, c * 256 + d]
}

/** Reads `10.0.0.0/8`, `fd00::/8`, or one address; undefined for anything else. */
export function parseNetwork(text: string): Network | undefined {
  const [name = '', bits, ...more] = text.split('/')
  const address = parseAddress(name)
  if (address === undefined || more.length > 0) return undefined
  const all = GROUPS * GROUP_BITS
  if (bits === undefined) return { address, prefixBits: all }
  if (!/^(0|[1-9]\d{0,2})$/.test(bits)) return undefined
  const prefixBits = Number(bits) + (name.includes(':') ? 0 : MAPPED_BITS)
  return prefixBits > all ? undefined : { address, prefixBits }
}

/** Whether an address lies in a network. */
export function isWithin(address: Address, network: Network): boolean {
  const { prefixBits } = network
  const whole = prefixBits >> 4
  for (let index = 0; index < whole; index += 1) {
    if (address[index] !== network.address[index]) return false
  }
  // Groups have 16 bits, so where no bits are left to compare both sides are 0.
  const shift = GROUP_BITS - (prefixBits % GROUP_BITS)
  return (address[whole] ?? 0) >> shift === (network.address[whole] ?? 0) >> shift
}

/**
 * Who an address stands for: an IPv4 address itself, of IPv6 the /64, because that is what one
 * customer has at least, with 2^64 addresses to choose from.
 */
export function holderOf(address: Address): string {
  if (MAPPED.every((group, index) => address[index] === group)) {
    return [address[6] ?? 0, address[7] ?? 0]
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.')
  }
  const prefix = address.slice(0, 4).map((group) => group.toString(16))
  return `${prefix.join(':')}::/64`
}
