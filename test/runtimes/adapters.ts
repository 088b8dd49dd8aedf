/** Hints and publishers that are called by message, for the suites of both on another runtime. */
import { Buffer } from 'node:buffer'
import { assert, unreachable } from '../../src/assert.ts'
import { systemClock, type Clock } from '../../src/clock.ts'
import { GatewayError, messageOf } from '../../src/faults/faults.ts'
import type { Hint, HintOptions } from '../../src/idempotency/hint.ts'
import { openKafkaPublisher, type KafkaPublisher } from '../../src/kafka/producer.ts'
import { silentLog, type Log, type LogFields } from '../../src/log.ts'
import type { Asked, Call, FromAdapters, Times, ToAdapters, Way } from './adapter-messages.ts'

/** Opens a hint that asks this Redis. */
type OpenHint = (way: Way, options: HintOptions) => Hint | Promise<Hint>

/** Returns what to call with each line that the tests send. */
export function serveAdapters(
  send: (line: string) => void,
  openHint: OpenHint,
): (line: string) => void {
  const tell = (message: FromAdapters) => send(JSON.stringify(message))
  const hints = new Map<number, Hint>()
  const publishers = new Map<number, KafkaPublisher>()
  const clocks = openClocks(tell)

  function logOf(of: number): Log {
    const write = (log: string, fields?: LogFields) => tell({ log, of, fields })
    return { debug: write, info: write, warn: write, error: write }
  }

  async function open(of: number, call: Extract<Call, { name: 'openHint' | 'openPublisher' }>) {
    if (call.name === 'openPublisher') {
      publishers.set(of, openPublisher(call.broker))
      return
    }
    const { way, node, epoch, doneTtlMs } = call
    const options = { node, epoch, doneTtlMs, clock: clocks.of(of), log: logOf(of) }
    hints.set(of, await openHint(way, options))
  }

  async function run(of: number, call: Call): Promise<unknown> {
    const hint = hints.get(of)
    const publisher = publishers.get(of)
    switch (call.name) {
      case 'openHint':
      case 'openPublisher':
        return open(of, call)
      case 'publish': {
        assert(publisher !== undefined, 'the publisher is open')
        const bytes = (value: string) => Buffer.from(value, 'base64')
        return publisher.publish(
          call.records.map((record) => ({ ...record, value: bytes(record.value) })),
        )
      }
      case 'claim':
        return hint?.claim(call.source, call.eventId, call.validMs)
      case 'done':
        return hint?.done(call.claim)
      case 'release':
        return hint?.release(call.claim)
      case 'close':
        return (hint ?? publisher)?.close()
      default:
        return unreachable(call)
    }
  }

  async function answer({ id, of, call, times }: Asked): Promise<void> {
    clocks.set(of, times)
    try {
      const value = (await run(of, call)) ?? null
      const counts = hints.get(of)?.counts()
      tell({ id, value, ...(counts === undefined ? {} : { counts }) })
    } catch (error) {
      const code = error instanceof GatewayError ? error.code : 'unknown'
      tell({ id, code, detail: error instanceof GatewayError ? error.detail : messageOf(error) })
    }
  }

  return (line) => {
    const message = JSON.parse(line) as ToAdapters
    if ('wake' in message) clocks.wake(message.wake)
    else void answer(message)
  }
}

function openPublisher(broker: string): KafkaPublisher {
  return openKafkaPublisher({
    brokers: [broker],
    clientId: 'inlet-test',
    compression: 'none',
    clock: systemClock,
    log: silentLog,
  })
}

/** The clocks of tests, as their last calls have brought them; who sleeps is woken by them. */
function openClocks(tell: (message: FromAdapters) => void) {
  const times = new Map<number, Times>()
  const sleeping = new Map<number, () => void>()
  let sleeps = 0

  function sleep(of: number, ms: number, signal: AbortSignal | undefined): Promise<void> {
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
  }

  return {
    set: (of: number, at: Times) => void times.set(of, at),
    wake: (id: number) => sleeping.get(id)?.(),
    of: (of: number): Clock => ({
      now: () => times.get(of)?.nowMs ?? 0,
      monotonicMs: () => times.get(of)?.monotonicMs ?? 0,
      sleep: (ms, signal) => sleep(of, ms, signal),
    }),
  }
}
