import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/faults/faults.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { takesSecret, validateSecret } from '../../src/providers/engine/secrets.ts'
import { compileVerifier } from '../../src/providers/verifier.ts'
import { NOW, PUBLIC_KEY, rowOf, secretsOf } from './support.ts'

describe('a secret of the provider’s own form has no problem', () => {
  const secretive = [...CATALOGUE.values()].filter((row) => row.schemes.some(takesSecret))
  test.each(secretive.map(({ key }) => key))('%s', (key) => {
    expect(validateSecret(rowOf(key), secretsOf(key).verify)).toBeUndefined()
  })
})

describe('a secret that cannot protect anything is named as such', () => {
  const cases: [string, string, string][] = [
    ['standard_webhooks', '', 'is empty'],
    ['github', '   ', 'is empty'],
    ['standard_webhooks', 'whsec_', 'is only a prefix: the key is missing'],
    ['gitlab', 'whsec_', 'is only a prefix: the key is missing'],
    ['stripe', 'whsec_', 'is only a prefix: the key is missing'],
    ['standard_webhooks_ed25519', 'whpk_', 'is only a prefix: the key is missing'],
    ['standard_webhooks', 'whsec_not base64!', 'is not valid base64'],
    ['standard_webhooks', 'whsec_AAAAAAAAAAAAA', 'is not valid base64'],
    ['standard_webhooks', 'whsec_c2hvcnQ=', 'is shorter than 8 bytes'],
    ['stripe', 'whsec_short', 'is shorter than 8 bytes'],
    ['github', 'short', 'is shorter than 8 bytes'],
    ['generic_basic', 'nocolonhere', 'must be user:password'],
    ['generic_basic', 'a-long-user-name:short', 'is shorter than 8 bytes'],
    ['standard_webhooks_ed25519', 'whpk_AAAA', 'is not a public key of 32 bytes, base64'],
  ]
  test.each(cases)('%s: %p', (key, secret, problem) => {
    expect(validateSecret(rowOf(key), secret)).toBe(problem)
  })
})

describe('a verifier is not compiled', () => {
  const now = () => NOW
  const cases: [string, string, readonly string[], Record<string, string>][] = [
    ['without a secret', 'github', [], {}],
    ['with an empty secret', 'github', [''], {}],
    ['with a secret that is only a prefix', 'standard_webhooks', ['whsec_'], {}],
    ['with a secret that cannot be decoded', 'svix', ['whsec_ä'], {}],
    ['with a hash that is none', 'generic_hmac', ['long enough'], { hash: 'crc32' }],
    ['with an encoding that is none', 'generic_hmac', ['long enough'], { encoding: 'rot13' }],
    ['with a header that is none', 'generic_token', ['long enough'], { header: 'a b' }],
  ]
  test.each(cases)('%s', (_, key, secrets, config) => {
    const attempt = () => compileVerifier(rowOf(key), { secrets, config, now })
    expect(attempt).toThrow(GatewayError)
    expect(attempt).not.toThrow(/rot13|crc32|long enough/)
  })
})

test('padding that was lost in copying does no harm', () => {
  const row = rowOf('standard_webhooks_ed25519')
  expect(validateSecret(row, PUBLIC_KEY.replace('=', ''))).toBeUndefined()
})
