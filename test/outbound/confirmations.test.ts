import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/faults/faults.ts'
import { CONFIRMATION_TRIES_MAX, CONFIRMATIONS_MAX } from '../../src/limits/limits.ts'
import type { OutboundAnswer } from '../../src/outbound-call.ts'
import { openConfirmations } from '../../src/outbound/confirmations.ts'
import { systemClock } from '../../src/clock.ts'

const OK: OutboundAnswer = { status: 200, body: new Uint8Array() }
const CALL = { url: 'https://sns.eu-west-1.amazonaws.com/?Token=s3cret', hosts: [] }
const AWAY = new GatewayError('OUTBOUND_FAILED', 'away')

/** Runs until the log has the line of an outcome; `answers` are the calls' own, in turn. */
async function run(answers: readonly (OutboundAnswer | GatewayError)[]) {
  const { promise, resolve } = Promise.withResolvers<Record<string, unknown>>()
  const over = new AbortController()
  const lines: string[] = []
  const write = (event: string, fields?: object) => {
    lines.push(JSON.stringify({ event, ...fields }))
    resolve({ event, ...fields })
  }
  let calls = 0
  const confirmations = openConfirmations({
    clock: { ...systemClock, sleep: () => Promise.resolve() },
    log: { debug: write, info: write, warn: write, error: write },
    callOut() {
      const answer = answers[calls] ?? AWAY
      calls += 1
      return answer instanceof GatewayError ? Promise.reject(answer) : Promise.resolve(answer)
    },
  })
  const running = confirmations.run(over.signal)
  confirmations.confirm('alerts', CALL)
  const line = await promise
  over.abort()
  await running
  expect(lines.join()).not.toContain('s3cret')
  return { line, calls }
}

describe('a confirmation', () => {
  test('is made, and tried again where nobody answers', async () => {
    expect(await run([OK])).toMatchObject({ line: { event: 'confirmation.finished', tries: 1 } })
    const later = await run([AWAY, { ...OK, status: 503 }, OK])
    expect(later).toMatchObject({ line: { event: 'confirmation.finished', tries: 3 }, calls: 3 })
  })

  test('is given up after its tries', async () => {
    const { line, calls } = await run([])
    expect(line).toMatchObject({ event: 'confirmation.failed', source: 'alerts' })
    expect(calls).toBe(CONFIRMATION_TRIES_MAX)
  })

  test('is not tried again where it may not be made', async () => {
    const refused = new GatewayError('OUTBOUND_REFUSED', 'evil.test is not one that may be called')
    const { line, calls } = await run([refused])
    expect(line).toMatchObject({ event: 'confirmation.failed', code: 'OUTBOUND_REFUSED' })
    expect(calls).toBe(1)
  })

  test('takes no more memory than there is room for', () => {
    const events: string[] = []
    const write = (event: string) => void events.push(event)
    const confirmations = openConfirmations({
      clock: systemClock,
      log: { debug: write, info: write, warn: write, error: write },
      callOut: () => Promise.resolve(OK),
    })
    for (let n = 0; n <= CONFIRMATIONS_MAX; n += 1) confirmations.confirm('alerts', CALL)
    expect(events).toEqual(['confirmation.dropped'])
  })
})
