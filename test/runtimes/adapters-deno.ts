/** Hints and publishers on Deno, for the suites of both: they are called by message. */
import { Buffer } from 'node:buffer'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { assert } from '../../src/assert.ts'
import type { Clock } from '../../src/clock.ts'
import { GatewayError, messageOf } from '../../src/errors.ts'
import type { Hint } from '../../src/idempotency/hint.ts'
import { openRedisHint } from '../../src/idempotency/redis.ts'
import { openUpstashHint } from '../../src/idempotency/upstash.ts'
import { openKafkaPublisher, type KafkaPublisher } from '../../src/kafka/producer.ts'
import { silentLog, type Log, type LogFields } from '../../src/log.ts'
import { systemClock } from '../../src/clock.ts'
import type { Call, FromDeno, Times, ToDeno } from './adapter-messages.ts'

const hints = new Map<number, Hint>()
const publishers = new Map<number, KafkaPublisher>()
const times = new Map<number, Times>()
const sleeping = new Map<number, () => void>()
let sleeps = 0

function tell(message: FromDeno): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

/** The test's clock, as the last call to this adapter has brought it. */
function clockOf(of: number): Clock {
  return {
    now: () => times.get(of)?.nowMs ?? 0,
    monotonicMs: () => times.get(of)?.monotonicMs ?? 0,
    sleep(ms, signal) {
      if (signal?.aborted === true) return Promise.resolve()
      sleeps += 1
      const id = sleeps
      tell({ sleep: id, of, ms, sinceMs: times.get(of)?.monotonicMs ?? 0 })
      return new Promise((resolve) => {
        function wake(): void {
          if (sleeping.delete(id)) resolve()
        }
        sleeping.set(id, wake)
        signal?.addEventListener('abort', () => {
          if (sleeping.has(id)) tell({ cancel: id })
          wake()
        })
      })
    },
  }
}

function logOf(of: number): Log {
  const write = (log: string, fields?: LogFields) => tell({ log, of, fields })
  return { debug: write, info: write, warn: write, error: write }
}

async function run(of: number, call: Call): Promise<unknown> {
  if (call.name === 'openHint') {
    const { way, node, epoch, doneTtlMs } = call
    const options = { node, epoch, doneTtlMs, clock: clockOf(of), log: logOf(of) }
    const hint =
      way.kind === 'redis'
        ? await openRedisHint(way.url, options)
        : openUpstashHint({ url: way.url, token: way.token }, options)
    hints.set(of, hint)
    return null
  }
  if (call.name === 'openPublisher') {
    const settings = { clientId: 'inlet-test', compression: 'none' } as const
    const ports = { clock: systemClock, log: silentLog }
    const brokers = [call.brokers]
    publishers.set(of, openKafkaPublisher({ brokers, ...settings, ...ports }))
    return null
  }
  const hint = hints.get(of)
  const publisher = publishers.get(of)
  if (call.name === 'close') return (hint ?? publisher)?.close()
  if (call.name === 'publish') {
    assert(publisher !== undefined, 'the publisher is open')
    return publisher.publish(
      call.records.map((each) => ({ ...each, value: Buffer.from(each.value, 'base64') })),
    )
  }
  assert(hint !== undefined, 'the hint is open')
  if (call.name === 'claim') return hint.claim(call.source, call.eventId, call.validMs)
  return call.name === 'done' ? hint.done(call.claim) : hint.release(call.claim)
}

async function answer({ id, of, call, times: at }: Extract<ToDeno, { id: number }>) {
  times.set(of, at)
  try {
    const value = (await run(of, call)) ?? null
    const counts = hints.get(of)?.counts()
    tell({ id, value, ...(counts === undefined ? {} : { counts }) })
  } catch (error) {
    const code = error instanceof GatewayError ? error.code : 'unknown'
    tell({ id, code, detail: error instanceof GatewayError ? error.detail : messageOf(error) })
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as ToDeno
  if ('wake' in message) sleeping.get(message.wake)?.()
  else void answer(message)
}
process.exit(0)
