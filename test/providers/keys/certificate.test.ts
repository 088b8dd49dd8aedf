import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { systemClock } from '../../../src/clock.ts'
import type { KeySet } from '../../../src/key-place.ts'
import { allowedUrl } from '../../../src/outbound-call.ts'
import { CATALOGUE } from '../../../src/providers/catalogue.ts'
import { certificatePlace } from '../../../src/providers/keys/certificate.ts'
import { issueRsa, makeAuthority, type Certificate } from '../../support/certificates.ts'
import { makeTempDir, type TempDir } from '../../support/temp.ts'

let folder: TempDir
let authority: Certificate
let leaf: Certificate
beforeAll(async () => {
  folder = await makeTempDir()
  authority = makeAuthority(folder.path, 'authority')
  leaf = issueRsa(authority, folder.path, 'sns.example.test')
})
afterAll(async () => {
  await folder[Symbol.asyncDispose]()
})

const NOW = systemClock.now() + 60_000
const DAY_MS = 24 * 60 * 60_000

function read(pem: string, { now = NOW, status = 200 } = {}): KeySet | undefined {
  const place = certificatePlace({
    url: 'https://sns.example.test/a.pem',
    hosts: ['sns.example.test'],
    family: 'test',
    subject: /^sns\.example\.test$/,
  })
  return place.read({ status, body: new TextEncoder().encode(pem) }, now)
}

const pem = (certificate: Certificate) => readFileSync(certificate.cert, 'utf8')

test('PayPal’s is asked of both of its environments, and of nobody else', () => {
  const [scheme] = CATALOGUE.get('paypal')?.schemes ?? []
  const key = scheme !== undefined && 'key' in scheme ? scheme.key : undefined
  const hosts = key?.from === 'certificate' ? key.hosts : []
  const path = '/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77'
  for (const host of ['api.paypal.com', 'api.sandbox.paypal.com', 'api-m.sandbox.paypal.com']) {
    expect(allowedUrl({ url: `https://${host}${path}`, hosts }).host).toBe(host)
  }
  for (const host of ['api.sandbox.paypal.com.evil.test', 'evilpaypal.com', 'a.b.c.paypal.com']) {
    expect(() => allowedUrl({ url: `https://${host}${path}`, hosts })).toThrow('OUTBOUND_REFUSED')
  }
})

test('a certificate is taken alone, and with the one that issued it', () => {
  for (const text of [pem(leaf), pem(leaf) + pem(authority)]) {
    const set = read(text)
    expect(set?.keys.size).toBe(1)
    expect(set?.validUntil).toBeLessThan(NOW + 3 * DAY_MS)
  }
})

test('a certificate that is not there proves nothing about the address: it has no key', () => {
  expect(read('', { status: 404 })).toBeUndefined()
})

test('a certificate is refused before and after its time', () => {
  expect(() => read(pem(leaf), { now: NOW - DAY_MS })).toThrow('not valid now')
  expect(() => read(pem(leaf), { now: NOW + 3 * DAY_MS })).toThrow('not valid now')
})

test('a chain in which one was not issued by the next is refused', () => {
  const other = makeAuthority(folder.path, 'other')
  expect(() => read(pem(leaf) + pem(other))).toThrow('not issued by the next')
  // The same name, another key.
  const twin = makeAuthority(folder.path, 'authority')
  expect(() => read(pem(leaf) + pem(twin))).toThrow('not issued by the next')
})

test('a certificate of somebody else, or with a weak key or one of another kind, is refused', () => {
  const { path } = folder
  expect(() => read(pem(issueRsa(authority, path, 'evil.sns.example.test')))).toThrow('else’s')
  expect(() => read(pem(issueRsa(authority, path, 'sns.example.test', 1024)))).toThrow('too short')
  expect(() => read(pem(makeAuthority(path, 'sns.example.test')))).toThrow('not RSA')
})

test('what is no certificate is a failure, not an answer', () => {
  for (const [text, status] of [
    ['<html>', 200],
    [pem(leaf).replace(/M/g, 'N'), 200],
    [pem(leaf), 500],
    [pem(leaf).repeat(6), 200],
  ] as const) {
    expect(() => read(text, { status })).toThrow()
  }
})
