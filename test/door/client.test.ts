import { describe, expect, test } from 'bun:test'
import { parseNetwork } from '../../src/address.ts'
import { clientOf } from '../../src/door/client.ts'
import { PROXY_HOPS_MAX } from '../../src/limits/limits.ts'

const trusted = ['10.0.0.0/8', 'fd00::/8'].flatMap((text) => parseNetwork(text) ?? [])

describe('clientOf', () => {
  test('without trusted proxies the peer is the client, whatever it claims', () => {
    expect(clientOf('192.0.2.1', '198.51.100.1', [])).toBe('192.0.2.1')
    expect(clientOf('::ffff:192.0.2.1', '198.51.100.1', [])).toBe('192.0.2.1')
    expect(clientOf('2001:db8::1', null, [])).toBe('2001:db8:0:0::/64')
  })

  test('a peer that is no trusted proxy is the client', () => {
    expect(clientOf('192.0.2.1', '198.51.100.1', trusted)).toBe('192.0.2.1')
  })

  test('behind a trusted proxy the client is what that proxy saw', () => {
    expect(clientOf('10.0.0.1', '198.51.100.1', trusted)).toBe('198.51.100.1')
    expect(clientOf('fd00::1', '2001:db8:1::1', trusted)).toBe('2001:db8:1:0::/64')
  })

  test('what the client wrote into the header itself does not count', () => {
    expect(clientOf('10.0.0.1', '203.0.113.9, 10.0.0.7, 198.51.100.1', trusted)).toBe(
      '198.51.100.1',
    )
  })

  test('several trusted proxies are passed, from the right', () => {
    expect(clientOf('10.0.0.1', '203.0.113.9,198.51.100.1,10.2.2.2, fd00::2', trusted)).toBe(
      '198.51.100.1',
    )
    expect(clientOf('10.0.0.1', '10.3.3.3,10.2.2.2', trusted)).toBe('10.3.3.3')
  })

  test('a port that the proxy adds is left off', () => {
    expect(clientOf('10.0.0.1', '198.51.100.1:4711', trusted)).toBe('198.51.100.1')
    expect(clientOf('10.0.0.1', '[2001:db8:1::1]:4711', trusted)).toBe('2001:db8:1:0::/64')
  })

  test('a hop that cannot be read makes its proxy the client', () => {
    for (const header of ['198.51.100.1, unknown', '198.51.100.1,', '', null]) {
      expect(clientOf('10.0.0.1', header, trusted)).toBe('10.0.0.1')
    }
  })

  test('only so many hops are read', () => {
    const hops = Array.from({ length: 100 }, (_, n) => `10.0.1.${100 - n}`)

    expect(clientOf('10.0.0.1', hops.join(), trusted)).toBe(`10.0.1.${PROXY_HOPS_MAX}`)
  })
})
