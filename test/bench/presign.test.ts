import { expect, test } from 'bun:test'
import { verify } from '@octokit/webhooks-methods'
import Stripe from 'stripe'
import { presign, type Presigned } from '../../bench/presign.ts'
import { SHAPES } from '../../bench/shapes.ts'
import { systemClock } from '../../src/clock.ts'

const SECRET = 'whsec_c2VjcmV0IGZvciB0ZXN0cw'
const COUNT = 3

test('pre-signed Stripe events pass Stripe’s own check, each with an id of its own', async () => {
  const { webhooks } = new Stripe('sk_test_unused')
  const ids: string[] = []
  for (const { headers, body } of requestsOf(SHAPES['stripe-2k'])) {
    const signature = headers.get('stripe-signature') ?? ''
    ids.push((await webhooks.constructEventAsync(body, signature, SECRET)).id)
  }
  expect(new Set(ids).size).toBe(COUNT)
  for (const id of ids) expect(id).toMatch(/^evt_[0-9a-f]{24}$/)
})

test('pre-signed GitHub events pass GitHub’s own check, each with an id of its own', async () => {
  const requests = requestsOf(SHAPES['github-8k'])
  for (const { headers, body } of requests) {
    expect(await verify(SECRET, body, headers.get('x-hub-signature-256') ?? '')).toBe(true)
  }
  const ids = requests.map(({ headers }) => headers.get('x-github-delivery'))
  expect(new Set(ids).size).toBe(COUNT)
})

test('a pre-signed request says how long its body is', () => {
  for (const shape of Object.values(SHAPES)) {
    for (const { headers, body } of requestsOf(shape)) {
      expect(headers.get('content-length')).toBe(String(Buffer.byteLength(body)))
    }
  }
})

test('ids and numbers differ from request to request, and bodies stay JSON', () => {
  const packedBytes = (text: string) => Bun.zstdCompressSync(text, { level: 1 }).byteLength
  for (const shape of Object.values(SHAPES)) {
    const [first = '', second = ''] = requestsOf(shape).map(({ body }) => body)
    for (const body of [first, second]) expect(() => void JSON.parse(body)).not.toThrow()
    expect(packedBytes(first + second) - packedBytes(first)).toBeGreaterThan(100)
  }
})

/** The requests as the load generator sends them. */
function requestsOf(shape: (typeof SHAPES)[keyof typeof SHAPES]) {
  const presigned = presign(shape, { count: COUNT, secret: SECRET, nowMs: systemClock.now() })
  return Array.from({ length: COUNT }, (_, index) => parse(requestText(presigned, index)))
}

function requestText(presigned: Presigned, index: number): string {
  const { template, values, valueBytes, fills } = presigned
  const value = values.subarray(index * valueBytes, (index + 1) * valueBytes)
  const bytes = Buffer.from(template)
  for (const { at, from, length } of fills) value.copy(bytes, at, from, from + length)
  return bytes.toString()
}

function parse(text: string): { headers: Headers; body: string } {
  const end = text.indexOf('\r\n\r\n')
  const [, ...lines] = text.slice(0, end).split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  return { headers: new Headers(headers), body: text.slice(end + 4) }
}
