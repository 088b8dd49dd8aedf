import { afterEach, expect, setSystemTime, spyOn, test } from 'bun:test'
import { createRequire } from 'node:module'

/** What every connection of kafkajs sends through, as far as `patches/` has to do with it. */
interface RequestQueue {
  scheduleRequestTimeoutCheck(): void
  maybeThrottle(ms: number): void
  push(request: object): void
  fulfillRequest(response: object): void
  destroy(): void
}

const require = createRequire(import.meta.url)
const Queue = require('kafkajs/src/network/requestQueue/index.js') as new (
  options: object,
) => RequestQueue

const logger = { debug: () => undefined }

afterEach(() => void setSystemTime())

test('a connection whose requests are answered sets no timer', () => {
  const queue = new Queue({ logger, requestTimeout: 1_000 })
  using timers = spyOn(globalThis, 'setTimeout')
  queue.push(requestOf(1, () => undefined))
  queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 })
  expect(timers).not.toHaveBeenCalled()
  queue.destroy()
})

test('a request that the broker holds back is sent when its time has come', async () => {
  const queue = new Queue({ logger, requestTimeout: 1_000 })
  queue.maybeThrottle(5)
  const sent = Promise.withResolvers<void>()
  queue.push(requestOf(1, sent.resolve))
  await sent.promise
  queue.destroy()
})

test('so is one that waits for the answer to another', () => {
  const queue = new Queue({ logger, requestTimeout: 1_000, maxInFlightRequests: 1 })
  const sent: number[] = []
  for (const id of [1, 2]) queue.push(requestOf(id, () => void sent.push(id)))
  expect(sent).toEqual([1])
  queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 })
  expect(sent).toEqual([1, 2])
  queue.destroy()
})

test('an idle connection has no timer, and a busy one no more than one', () => {
  const queue = new Queue({ logger, requestTimeout: 1_000, enforceRequestTimeout: true })
  using repeated = spyOn(globalThis, 'setInterval')
  using timers = watchTimers()
  // As where it is connected.
  queue.scheduleRequestTimeoutCheck()
  expect(timers.waits).toEqual([])
  for (const id of [1, 2, 3]) queue.push(requestOf(id, () => undefined))
  expect(timers.waits).toEqual([1_000])
  for (const id of [1, 2, 3]) queue.fulfillRequest({ correlationId: id, payload: null, size: 0 })
  timers.fire()
  expect(timers.waits).toEqual([1_000])
  expect(repeated).not.toHaveBeenCalled()
  queue.push(requestOf(4, () => undefined))
  expect(timers.waits).toEqual([1_000, 1_000])
  queue.destroy()
})

test('a request without an answer is given up at its time, whatever is sent meanwhile', () => {
  const queue = new Queue({ logger, requestTimeout: 1_000, enforceRequestTimeout: true })
  using timers = watchTimers()
  const givenUp: number[] = []
  const send = (id: number, requestTimeout?: number) =>
    queue.push({
      ...requestOf(
        id,
        () => undefined,
        () => givenUp.push(id),
      ),
      requestTimeout,
    })
  setSystemTime(10_000)
  send(1, 1_500)
  setSystemTime(10_400)
  send(2)
  setSystemTime(11_000)
  timers.fire()
  expect(givenUp).toEqual([])
  setSystemTime(11_400)
  timers.fire()
  expect(givenUp).toEqual([2])
  setSystemTime(11_500)
  timers.fire()
  expect(givenUp).toEqual([2, 1])
  expect(timers.waits).toEqual([1_000, 400, 100, 1_000])
  queue.destroy()
})

test('what waited for a request that is given up gets its own time', () => {
  const options = { requestTimeout: 1_000, enforceRequestTimeout: true, maxInFlightRequests: 1 }
  const queue = new Queue({ logger, ...options })
  using timers = watchTimers()
  const sent: number[] = []
  const givenUp: number[] = []
  setSystemTime(10_000)
  for (const id of [1, 2]) {
    queue.push(
      requestOf(
        id,
        () => sent.push(id),
        () => givenUp.push(id),
      ),
    )
  }
  setSystemTime(11_000)
  timers.fire(1_000)
  expect([sent, givenUp]).toEqual([[1, 2], [1]])
  setSystemTime(12_000)
  timers.fire(1_000)
  expect(givenUp).toEqual([1, 2])
  queue.destroy()
})

/** Timers that a test fires: the last that was set, or the last of a wait. */
function watchTimers() {
  const set: { readonly work: () => void; readonly ms: number | undefined }[] = []
  const spy = spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, ms?: number) =>
    set.push({ work, ms })) as unknown as typeof setTimeout)
  return {
    get waits() {
      return set.map(({ ms }) => ms)
    },
    fire: (ms?: number) => set.findLast((timer) => ms === undefined || timer.ms === ms)?.work(),
    [Symbol.dispose]: () => spy.mockRestore(),
  }
}

function requestOf(
  correlationId: number,
  sendRequest: () => void,
  reject: () => void = () => undefined,
) {
  const entry = { correlationId, resolve: () => undefined, reject }
  return { entry, expectResponse: true, sendRequest }
}
