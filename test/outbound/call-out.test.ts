import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import { OUTBOUND_BYTES_MAX, OUTBOUND_MS_MAX } from '../../src/limits/limits.ts'
import { openCallOut, type CallOutOptions } from '../../src/outbound/call-out.ts'
import { isPublicAddress } from '../../src/outbound/public-address.ts'
import { DENO_ENV, denoPath } from '../runtimes/deno-command.ts'
import { issue, makeAuthority } from '../support/certificates.ts'
import { manualClock } from '../support/manual-clock.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

describe('a call out', () => {
  let folder: TempDir
  let ca: string
  let caFile: string
  let server: ReturnType<typeof Bun.serve>
  let calls: string[] = []

  beforeAll(async () => {
    folder = await makeTempDir()
    const authority = makeAuthority(folder.path, 'authority')
    const { cert, key } = issue(authority, folder.path, 'server', 'DNS:keys.example.test')
    caFile = authority.cert
    ca = readFileSync(caFile, 'utf8')
    server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
      async fetch(request) {
        const { pathname } = new URL(request.url)
        calls.push(`${request.method} ${request.headers.get('host')}${pathname}`)
        if (pathname === '/elsewhere') return Response.redirect('https://127.0.0.1/secret', 302)
        if (pathname === '/much') return new Response(new Uint8Array(OUTBOUND_BYTES_MAX + 1))
        if (pathname === '/echo') return new Response(await request.text(), { status: 201 })
        return new Response('key')
      },
    })
  })
  afterAll(async () => {
    await server.stop(true)
    await folder[Symbol.asyncDispose]()
  })

  function open(options: Partial<CallOutOptions> = {}) {
    calls = []
    const loopback = (address: string) => address === '127.0.0.1'
    const resolve = () => Promise.resolve(['127.0.0.1'])
    return openCallOut({ clock: systemClock, resolve, mayConnect: loopback, ca, ...options })
  }
  const at = (path: string) => ({
    url: `https://keys.example.test:${server.port}${path}`,
    hosts: [`keys.*.test:${server.port}`],
  })

  test('reaches a listed host by the address that was looked at, under its own name', async () => {
    const answer = await open()(at('/key'))
    expect(answer.status).toBe(200)
    expect(new TextDecoder().decode(answer.body)).toBe('key')
    expect(calls).toEqual([`GET keys.example.test:${server.port}/key`])
  })

  test('sends a body', async () => {
    const answer = await open()({ ...at('/echo'), method: 'POST', body: 'question' })
    expect([answer.status, new TextDecoder().decode(answer.body)]).toEqual([201, 'question'])
  })

  test('takes the next address where one does not answer', async () => {
    const resolve = () => Promise.resolve(['127.0.0.9', '127.0.0.1'])
    const answer = await open({ resolve, mayConnect: () => true })(at('/key'))
    expect(answer.status).toBe(200)
  })

  test('does not follow a redirect', async () => {
    const answer = await open()(at('/elsewhere'))
    expect(answer.status).toBe(302)
    expect(calls).toHaveLength(1)
  })

  test('does not read more than the limit', async () => {
    await expect(open()(at('/much'))).rejects.toThrow('OUTBOUND_FAILED')
  })

  test('ends after its time, also where the name is never found', async () => {
    const clock = manualClock()
    const resolve = () => new Promise<never>(() => undefined)
    const called = open({ clock, resolve })(at('/key'))
    clock.advance(OUTBOUND_MS_MAX)
    await expect(called).rejects.toThrow('no answer within')
  })

  test('does not go to a server whose certificate is for another name', async () => {
    const url = `https://keys.other.test:${server.port}/key?token=s3cret`
    const called = open()({ url, hosts: [`keys.other.test:${server.port}`] })
    const error: unknown = await called.catch((caught: unknown) => caught)
    expect(String(error)).toContain('OUTBOUND_FAILED: keys.other.test')
    expect(String(error)).not.toContain('s3cret')
    expect(calls).toEqual([])
  })

  test('is the same on Deno', async () => {
    calls = []
    const urls = ['example.test', 'other.test'].map(
      (host) => `https://keys.${host}:${server.port}/`,
    )
    const script = join(import.meta.dir, 'call-out-on-deno.ts')
    const child = Bun.spawn([denoPath(), 'run', '--allow-all', script, caFile, ...urls], {
      env: { ...process.env, ...DENO_ENV },
    })
    const [found, other] = (await child.stdout.text()).split('\n')

    expect(found).toBe('200')
    expect(other).toStartWith('OUTBOUND_FAILED: keys.other.test')
    expect(calls).toEqual([`GET keys.example.test:${server.port}/`])
  })

  test('does not connect where one of the addresses is not public', async () => {
    const resolve = () => Promise.resolve(['93.184.215.14', '127.0.0.1'])
    const called = open({ resolve, mayConnect: isPublicAddress })(at('/key'))
    await expect(called).rejects.toThrow('has an address that is not public')
    expect(calls).toEqual([])
  })

  const refusedUrls = [
    'http://sns.eu-west-1.amazonaws.com/',
    'https://sns.eu-west-1.amazonaws.com:8443/',
    'https://sns.eu-west-1.amazonaws.com.evil.test/',
    'https://evil.test/sns.eu-west-1.amazonaws.com',
    'https://sns.eu-west-1.amazonaws.com@evil.test/',
    'https://user:pass@sns.eu-west-1.amazonaws.com/',
    'https://sns.eu.west.1.amazonaws.com/',
    'https://xsns.eu-west-1.amazonaws.com/',
    'https://snsXeu-west-1.amazonaws.com/',
    'https://sns..amazonaws.com/',
    'https://127.0.0.1/',
    'https://[::ffff:127.0.0.1]/',
    'file:///etc/passwd',
    'not a url',
  ]
  for (const url of refusedUrls) {
    test(`is not made to ${url}`, async () => {
      const resolve = () => Promise.reject(new Error('nothing is looked up'))
      const called = open({ resolve })({ url, hosts: ['sns.*.amazonaws.com'] })
      await expect(called).rejects.toThrow('OUTBOUND_REFUSED')
    })
  }
})

describe('an address', () => {
  const local = [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.1.1',
    '198.19.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:a9fe:a9fe',
    '::10.0.0.1',
    '64:ff9b::10.0.0.1',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:0a00:0001::1',
    'localhost',
    '',
  ]
  test.each(local)('%s is not public', (text) => expect(isPublicAddress(text)).toBe(false))

  const known = ['8.8.8.8', '172.32.0.1', '100.128.0.1', '::ffff:8.8.8.8', '2606:4700::1111']
  test.each(known)('%s is public', (text) => expect(isPublicAddress(text)).toBe(true))
})
