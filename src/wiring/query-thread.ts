/**
 * The thread that reads for people, seen from the main one: whatever looks at more than a row or
 * two takes longer than intake may stand still. It begins with the first question, and after a
 * crash with the next one.
 */
import type { Clock } from '../clock.ts'
import { GatewayError } from '../faults/faults.ts'
import { QUESTION_MS_MAX, QUESTIONS_WAITING_MAX } from '../limits/admin.ts'
import type { Log } from '../log.ts'
import type { Ask, FromQuery, Questions, ToQuery } from './query-messages.ts'

export interface QueryThreadPorts {
  readonly clock: Clock
  readonly log: Log
  /** The database file. */
  readonly path: string
}

export interface QueryThread {
  /** Rejects with QUERIES_BUSY where too many wait already, and with QUERY_FAILED. */
  readonly ask: Ask
  close(): void
}

export function openQueryThread({ clock, log, path }: QueryThreadPorts): QueryThread {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let worker: Worker | undefined
  let lastId = 0
  let isClosed = false

  function start(): Worker {
    const started = new Worker(new URL('./query-worker.ts', import.meta.url).href)
    started.addEventListener('error', (event) => {
      event.preventDefault()
      crash(started, event.message)
    })
    started.addEventListener('close', () => crash(started, 'the thread ended'))
    started.addEventListener('message', ({ data }: MessageEvent<FromQuery>) => {
      const asked = waiting.get(data.id)
      if (data.kind === 'told') asked?.resolve(data.told)
      else asked?.reject(failure(data.reason))
    })
    tell(started, { kind: 'start', path })
    return started
  }

  /** Nobody knows which question was the last: all that wait are asked again, by who asked them. */
  function crash(crashed: Worker, reason: string): void {
    if (worker !== crashed) return
    worker = undefined
    crashed.terminate()
    log.error('query.crashed', { reason, waiting: waiting.size })
    for (const asked of waiting.values()) asked.reject(failure('the thread that reads ended'))
  }

  async function watch(asking: Worker, patience: AbortSignal): Promise<void> {
    await clock.sleep(QUESTION_MS_MAX, patience)
    if (!patience.aborted) crash(asking, `no answer within ${QUESTION_MS_MAX} ms`)
  }

  return {
    async ask(name, asked) {
      if (isClosed) throw failure('the gateway is shutting down')
      if (waiting.size >= QUESTIONS_WAITING_MAX) {
        throw new GatewayError('QUERIES_BUSY', `${waiting.size} questions wait already`)
      }
      worker ??= start()
      lastId += 1
      const id = lastId
      const patience = new AbortController()
      const answered = Promise.withResolvers<unknown>()
      waiting.set(id, answered)
      tell(worker, { kind: 'ask', id, name, asked })
      const watching = watch(worker, patience.signal)
      try {
        // The worker answers by the name of the question.
        return (await answered.promise) as Questions[typeof name]['told']
      } finally {
        waiting.delete(id)
        patience.abort()
        await watching
      }
    },
    close() {
      isClosed = true
      const ended = worker
      worker = undefined
      ended?.terminate()
      for (const asked of waiting.values()) asked.reject(failure('the gateway is shutting down'))
    },
  }
}

function failure(reason: string): GatewayError {
  return new GatewayError('QUERY_FAILED', reason)
}

function tell(worker: Worker, message: ToQuery): void {
  worker.postMessage(message)
}
