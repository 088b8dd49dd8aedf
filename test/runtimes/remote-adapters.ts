/** Adapters on another runtime, seen from the tests: each call is a message to them. */
import { Miniflare } from 'miniflare'
import { join } from 'node:path'
import { systemClock, type Clock } from '../../src/clock.ts'
import { GatewayError, type FaultCode } from '../../src/faults/faults.ts'
import type { Claim, Hint, HintCounts, HintOptions } from '../../src/idempotency/hint.ts'
import type { Log } from '../../src/log.ts'
import type { Landed } from '../../src/record.ts'
import type { PublisherTarget } from '../conformance/publisher.ts'
import { readLines } from '../support/gateway-process.ts'
import type { Answered, Call, FromAdapters, ToAdapters, Way } from './adapter-messages.ts'
import { DENO_ENV, denoPath } from './deno-command.ts'

export interface RemoteAdapters extends AsyncDisposable {
  openHint(way: Way, options: HintOptions): Promise<Hint>
  openPublisher(broker: string): Promise<PublisherTarget>
}

/** What carries the messages. */
interface Connection extends AsyncDisposable {
  send(line: string): void
  onLine: (line: string) => void
}

/** What an adapter over there has of its test. */
interface Side {
  readonly clock: Clock
  readonly log: Log | undefined
  counts: HintCounts
}

const NONE: HintCounts = { mine: 0, claimed: 0, done: 0, skipped: 0 }

/** In a process of Deno's. */
export function startDenoAdapters(): RemoteAdapters {
  const script = join(import.meta.dir, 'adapters-deno.ts')
  const config = join(import.meta.dir, '../../deno.json')
  const command = [denoPath(), 'run', '--allow-all', '--no-check', '--config', config, script]
  const child = Bun.spawn(command, {
    env: { ...process.env, ...DENO_ENV },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const connection: Connection = {
    send(line) {
      void child.stdin.write(`${line}\n`)
      void child.stdin.flush()
    },
    onLine: () => undefined,
    async [Symbol.asyncDispose]() {
      await child.stdin.end()
      await child.exited
      await reading
    },
  }
  const reading = readLines(child.stdout, (line) => connection.onLine(line))
  return callThrough(connection)
}

const WORKER = `
  import { openSocket } from './adapters.js'
  export default { fetch: openSocket }`

/** In one invocation of a Worker, in workerd. */
export async function startWorkerAdapters(): Promise<RemoteAdapters> {
  const entrypoints = [join(import.meta.dir, 'adapters-worker.ts')]
  const { outputs } = await Bun.build({ entrypoints, target: 'node' })
  // kafkajs requires what Node has; in a Worker no file says from where.
  const script = (await outputs[0]?.text())?.replaceAll('import.meta.url', '"file:///adapters.js"')
  const miniflare = new Miniflare({
    modules: [
      { type: 'ESModule', path: 'main.js', contents: WORKER },
      { type: 'ESModule', path: 'adapters.js', contents: script ?? '' },
    ],
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
  })
  const url = new URL(await miniflare.ready)
  url.protocol = 'ws:'
  const socket = new WebSocket(url)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', () => reject(new Error('the Worker takes no WebSocket')))
  })
  const connection: Connection = {
    send: (line) => socket.send(line),
    onLine: () => undefined,
    async [Symbol.asyncDispose]() {
      socket.close()
      await miniflare.dispose()
    },
  }
  socket.addEventListener('message', ({ data }) => connection.onLine(String(data)))
  return callThrough(connection)
}

function callThrough(connection: Connection): RemoteAdapters {
  const sides: Side[] = []
  const asked = new Map<number, PromiseWithResolvers<unknown>>()
  const sleeping = new Map<number, AbortController>()
  let calls = 0

  const tell = (message: ToAdapters) => connection.send(JSON.stringify(message))

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
  async function sleep({ sleep: id, of, ms, sinceMs }: Extract<FromAdapters, { sleep: number }>) {
    const clock = sides[of]?.clock ?? systemClock
    const nap = new AbortController()
    sleeping.set(id, nap)
    const leftMs = ms - (clock.monotonicMs() - sinceMs)
    if (leftMs > 0) await clock.sleep(leftMs, nap.signal)
    sleeping.delete(id)
    if (!nap.signal.aborted) tell({ wake: id })
  }

  function hear(message: FromAdapters): void {
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

  connection.onLine = (line) => hear(JSON.parse(line) as FromAdapters)

  async function ask(of: number, what: Call): Promise<unknown> {
    const { value, counts } = (await call(of, what)) as Answered
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
    async openPublisher(broker) {
      const of = sides.push({ clock: systemClock, log: undefined, counts: NONE }) - 1
      await ask(of, { name: 'openPublisher', broker })
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
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  }
}
