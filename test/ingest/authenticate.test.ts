import { expect, test } from 'bun:test'
import { hashToken, type Caller } from '../../src/caller.ts'
import { authenticate } from '../../src/ingest/authenticate.ts'

const caller = (name: string, tokens: readonly string[]): Caller => ({
  name,
  tokenHashes: tokens.map(hashToken),
  file: undefined,
  route: () => undefined,
})
const callers = [
  caller('shop', ['old-shop-token-1', 'new-shop-token-2']),
  caller('billing', ['b=']),
]
const who = (header: string | null) => {
  const result = authenticate(header, callers)
  return result.kind === 'caller' ? result.caller.name : result.code
}

test('each token of a caller is that of the caller, whatever the case of the scheme', () => {
  expect(who('Bearer old-shop-token-1')).toBe('shop')
  expect(who('bearer  new-shop-token-2')).toBe('shop')
  expect(who('Bearer b=')).toBe('billing')
})

test('anything else is nobody', () => {
  const headers = [null, '', 'Bearer', 'Bearer ', 'Basic old-shop-token-1', 'old-shop-token-1']
  const nearly = ['Bearer old-shop-token-', 'Bearer old-shop-token-12', 'Bearer old-shop-token-1 x']
  for (const header of [...headers, ...nearly]) expect(who(header)).toBe('TOKEN_REFUSED')
  // Enough of them to meet every first byte of a hash.
  for (let n = 0; n < 2_000; n += 1) expect(who(`Bearer wrong-${n}`)).toBe('TOKEN_REFUSED')
})
