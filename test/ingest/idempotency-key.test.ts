import { describe, expect, test } from 'bun:test'
import { hashRequest, readIdempotencyKey } from '../../src/ingest/idempotency-key.ts'
import { sampleDelivery } from '../support/verified.ts'

const read = (text: string) => {
  const result = readIdempotencyKey(new Headers({ 'idempotency-key': text }))
  return result.kind === 'key' ? result.key : result.kind
}

describe('Idempotency-Key', () => {
  test('is a structured string or a plain token, and both name the same key', () => {
    expect(read('"8e03978e-40d5-43dd-bc93"')).toBe('8e03978e-40d5-43dd-bc93')
    expect(read('8e03978e-40d5-43dd-bc93')).toBe('8e03978e-40d5-43dd-bc93')
    expect(read(String.raw`"a \"b\" \\"`)).toBe(String.raw`a "b" \ `.trim())
    expect(read(`"${'k'.repeat(255)}"`)).toBe('k'.repeat(255))
    expect(readIdempotencyKey(new Headers())).toEqual({ kind: 'none' })
  })

  const malformed = [
    '',
    '""',
    '"open',
    'a b',
    'a, b',
    '"a"; p=1',
    String.raw`"\n"`,
    'ü',
    'k'.repeat(256),
  ]
  for (const text of malformed) {
    test(`refuses ${text.slice(0, 20)}`, () => expect(read(text)).toBe('malformed'))
  }
})

test('a request is its body, its type and its attributes, and nothing that a retry changes', () => {
  const hash = (body: string, headers: Record<string, string>) =>
    hashRequest(sampleDelivery(body, headers))
  const base = hash('a', { 'content-type': 't', 'ce-id': '1', 'ce-a': '2' })

  expect(hash('a', { 'ce-a': '2', 'ce-id': '1', 'content-type': 't', date: 'x' })).toBe(base)
  expect(hash('b', { 'content-type': 't', 'ce-id': '1', 'ce-a': '2' })).not.toBe(base)
  expect(hash('a', { 'content-type': 'u', 'ce-id': '1', 'ce-a': '2' })).not.toBe(base)
  expect(hash('a', { 'content-type': 't', 'ce-id': '2', 'ce-a': '2' })).not.toBe(base)
})
