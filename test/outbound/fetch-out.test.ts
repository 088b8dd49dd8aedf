import { afterAll, afterEach, expect, spyOn, test } from 'bun:test'
import { OUTBOUND_BYTES_MAX, OUTBOUND_MS_MAX } from '../../src/limits/limits.ts'
import type { OutboundCall } from '../../src/outbound-call.ts'
import { openFetchOut } from '../../src/outbound/fetch-out.ts'
import { manualClock } from '../support/manual-clock.ts'

/** In place of the internet, which a test has not: what it is asked, and what it answers. */
const internet = spyOn(globalThis, 'fetch')
afterEach(() => internet.mockReset())
// All files share one process: the next ones talk to real servers.
afterAll(() => internet.mockRestore())

function answerWith(make: (url: URL, init: RequestInit) => Response | Promise<Response>): void {
  const answering = async (input: unknown, init?: RequestInit) =>
    make(new URL(String(input)), init ?? {})
  internet.mockImplementation(answering as typeof fetch)
}

const call: OutboundCall = {
  url: 'https://keys.example.com/jwks?token=secret',
  hosts: ['keys.example.com'],
}

test('it calls who may be called, and follows nobody', async () => {
  answerWith((_, init) => new Response(init.redirect, { status: 302 }))
  const { status, body } = await openFetchOut({ clock: manualClock() })(call)
  expect([status, new TextDecoder().decode(body)]).toEqual([302, 'manual'])
})

test('it does not call others, nor without TLS', async () => {
  const callOut = openFetchOut({ clock: manualClock() })
  for (const url of ['http://keys.example.com/', 'https://other.example.com/', 'nonsense']) {
    await expect(callOut({ ...call, url })).rejects.toMatchObject({ code: 'OUTBOUND_REFUSED' })
  }
  expect(internet).not.toHaveBeenCalled()
})

test('what goes wrong names the host, and no token', async () => {
  const callOut = openFetchOut({ clock: manualClock() })
  answerWith((url) => Promise.reject(new Error(`cannot reach ${url.href}`)))
  await expect(callOut(call)).rejects.toThrow('keys.example.com: cannot reach the URL')
  answerWith(() => new Response(new Uint8Array(OUTBOUND_BYTES_MAX + 1)))
  await expect(callOut(call)).rejects.toThrow(`more than ${OUTBOUND_BYTES_MAX} bytes`)
})

test('it does not wait for ever', async () => {
  const clock = manualClock()
  const signals: (AbortSignal | null | undefined)[] = []
  answerWith((_, { signal }) => {
    signals.push(signal)
    return new Promise(() => undefined)
  })
  const calling = openFetchOut({ clock })(call)
  clock.advance(OUTBOUND_MS_MAX)
  await expect(calling).rejects.toMatchObject({ code: 'OUTBOUND_FAILED' })
  expect(signals[0]?.aborted).toBe(true)
})
