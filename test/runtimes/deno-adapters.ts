/** The adapters in a process of Deno's, seen from the tests: each call is a message to it. */
import { join } from 'node:path'
import { systemClock, type Clock } from '../../src/clock.ts'
import { GatewayError, type FaultCode } from '../../src/errors.ts'
import type { Claim, Hint, HintCounts, HintOptions } from '../../src/idempotency/hint.ts'
import type { Log } from '../../src/log.ts'
import type { Landed } from '../../src/record.ts'
import type { PublisherTarget } from '../conformance/publisher.ts'
import type { Call, FromDeno, ToDeno, Way } from './adapter-messages.ts'
import { readLines } from '../support/gateway-process.ts'
import { DENO_ENV, denoPath } from './deno-command.ts'

export interface DenoAdapters extends AsyncDisposable {
  openHint(way: Way, options: HintOptions): Promise<Hint>
  openPublisher(brokers: string): Promise<PublisherTarget>
}

/** What an adapter over there has of its test. */
interface Side {
  readonly clock: Clock
  readonly log: Log | undefined
  counts: HintCounts
}

const NONE: HintCounts = { mine: 0, claimed: 0, done: 0, skipped: 0 }

export function startDenoAdapters(): DenoAdapters {
  const script = join(import.meta.dir, 'adapters-deno.ts')
  const config = join(import.meta.dir, '../../deno.json')
  const command = [denoPath(), 'run', '--allow-all', '--no-check', '--config', config, script]
  const child = Bun.spawn(command, {
    env: { ...process.env, ...DENO_ENV },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const sides: Side[] = []
  const asked = new Map<number, PromiseWithResolvers<unknown>>()
  const sleeping = new Map<number, AbortController>()
  let calls = 0

  function tell(message: ToDeno): void {
    void child.stdin.write(`${JSON.stringify(message)}\n`)
    void child.stdin.flush()
  }

  function call(of: number, what: Call): Promise<unknown> {
    const clock = sides[of]?.clock ?? systemClock
    calls += 1
    const settled = Promise.withResolvers<unknown>()
    asked.set(calls, settled)
    const times = { nowMs: clock.now(), monotonicMs: clock.monotonicMs() }
    tell({ id: calls, of, call: what, times })
    return settled.promise
  }

  /** Sleeps for an adapter, on the clock of its test. */
  async function sleep({ sleep: id, of, ms, sinceMs }: Extract<FromDeno, { sleep: number }>) {
    const clock = sides[of]?.clock ?? systemClock
    const nap = new AbortController()
    sleeping.set(id, nap)
    const leftMs = ms - (clock.monotonicMs() - sinceMs)
    if (leftMs > 0) await clock.sleep(leftMs, nap.signal)
    sleeping.delete(id)
    if (!nap.signal.aborted) tell({ wake: id })
  }

  function hear(message: FromDeno): void {
    if ('sleep' in message) void sleep(message)
    else if ('cancel' in message) sleeping.get(message.cancel)?.abort()
    else if ('log' in message) sides[message.of]?.log?.warn(message.log, message.fields)
    else {
      const settled = asked.get(message.id)
      asked.delete(message.id)
      if ('value' in message) settled?.resolve(message)
      else settled?.reject(new GatewayError(message.code as FaultCode, message.detail))
    }
  }

  const reading = readLines(child.stdout, (line) => hear(JSON.parse(line) as FromDeno))

  async function ask(of: number, what: Call): Promise<unknown> {
    const { value, counts } = (await call(of, what)) as Extract<FromDeno, { value: unknown }>
    const side = sides[of]
    if (side !== undefined && counts !== undefined) side.counts = counts
    return value
  }

  return {
    async openHint(way, { clock, log, ...options }) {
      const side: Side = { clock, log, counts: NONE }
      const of = sides.push(side) - 1
      await ask(of, { name: 'openHint', way, ...options })
      return {
        claim: async (source, eventId, validMs) =>
          (await ask(of, { name: 'claim', source, eventId, validMs })) as Claim,
        async done(claim) {
          await ask(of, { name: 'done', claim })
        },
        async release(claim) {
          await ask(of, { name: 'release', claim })
        },
        counts: () => side.counts,
        state: () => 'up',
        async close() {
          await ask(of, { name: 'close' })
        },
      }
    },
    async openPublisher(brokers) {
      const of = sides.push({ clock: systemClock, log: undefined, counts: NONE }) - 1
      await ask(of, { name: 'openPublisher', brokers })
      return {
        async publish(records) {
          const wire = records.map(({ topic, key, value, headers }) => {
            return { topic, key, headers, value: Buffer.from(value).toString('base64') }
          })
          return (await ask(of, { name: 'publish', records: wire })) as readonly Landed[]
        },
        async [Symbol.asyncDispose]() {
          await ask(of, { name: 'close' })
        },
      }
    },
    async [Symbol.asyncDispose]() {
      await child.stdin.end()
      await child.exited
      await reading
    },
  }
}
