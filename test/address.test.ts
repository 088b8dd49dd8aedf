import { describe, expect, test } from 'bun:test'
import { BlockList, isIP } from 'node:net'
import * as fc from 'fast-check'
import { holderOf, isWithin, parseAddress, parseNetwork, type Address } from '../src/address.ts'

function address(text: string): Address {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new Error(`${text} is no address`)
  return parsed
}

const ipv4 = fc.ipV4()
const ipv6 = fc.ipV6().filter((text) => isIP(text) === 6)
/** Near each other, so that networks are met as often as missed. */
const ipv4Near = fc.nat(0xff_ff).map((low) => `10.1.${low >> 8}.${low & 0xff}`)
const ipv6Near = fc.nat(0xff_ff).map((low) => `2001:db8:0:${low.toString(16)}::1`)

describe('parseAddress', () => {
  test('takes what the operating system takes, and nothing else', () => {
    const noise = fc.stringMatching(/^[0-9a-f:.]{0,24}$/)
    fc.assert(
      fc.property(fc.oneof(ipv4, fc.ipV6(), noise), (text) => {
        expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0)
      }),
    )
  })

  test('an IPv4 address is its mapped form, however it is spelt', () => {
    for (const text of ['::ffff:10.1.2.3', '::ffff:a01:203', '0:0:0:0:0:FFFF:10.1.2.3']) {
      expect(parseAddress(text)).toEqual(address('10.1.2.3'))
    }
  })

  test('refuses ports, zones, brackets, octal and space', () => {
    const wrong = ['1.2.3.4:80', 'fe80::1%eth0', '[::1]', '010.1.1.1', ' 1.2.3.4', '1.2.3', '']
    for (const text of wrong) expect(parseAddress(text)).toBeUndefined()
  })
})

describe('isWithin', () => {
  test('agrees with the block list of node:net', () => {
    const cases = fc.oneof(
      fc.tuple(fc.constant('ipv4' as const), fc.oneof(ipv4, ipv4Near), ipv4Near, fc.nat(32)),
      fc.tuple(fc.constant('ipv6' as const), fc.oneof(ipv6, ipv6Near), ipv6Near, fc.nat(128)),
    )
    fc.assert(
      fc.property(cases, ([family, one, base, bits]) => {
        // node:net has no networks of no bits.
        fc.pre(bits > 0)
        const list = new BlockList()
        list.addSubnet(base, bits, family)
        const network = parseNetwork(`${base}/${bits}`)
        if (network === undefined) throw new Error(`${base}/${bits}`)
        expect(isWithin(address(one), network)).toBe(list.check(one, family))
      }),
    )
  })

  test('a network of IPv4 holds mapped addresses, and no others of IPv6', () => {
    const all = parseNetwork('0.0.0.0/0')
    const private10 = parseNetwork('10.0.0.0/8')
    if (all === undefined || private10 === undefined) throw new Error('are networks')

    expect(isWithin(address('::ffff:10.9.9.9'), private10)).toBe(true)
    expect(isWithin(address('::ffff:11.9.9.9'), private10)).toBe(false)
    expect(isWithin(address('2001:db8::1'), all)).toBe(false)
  })
})

test('parseNetwork refuses what is none', () => {
  const wrong = ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/8/8', 'proxy', '']
  for (const text of wrong) expect(parseNetwork(text)).toBeUndefined()
  expect(parseNetwork('192.0.2.1')?.prefixBits).toBe(128)
})

test('holderOf names an IPv4 address itself, and of IPv6 the /64', () => {
  expect(holderOf(address('::ffff:192.0.2.1'))).toBe('192.0.2.1')
  expect(holderOf(address('2001:db8:1:2:aaaa::1'))).toBe('2001:db8:1:2::/64')
  expect(holderOf(address('2001:db8:1:2::9'))).toBe('2001:db8:1:2::/64')
  expect(holderOf(address('2001:db8:1:3::9'))).not.toBe('2001:db8:1:2::/64')
})
