import { expect, spyOn, test } from 'bun:test'
import { createRequire } from 'node:module'

/** What every connection of kafkajs sends through, as far as `patches/` has to do with it. */
interface RequestQueue {
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

function requestOf(correlationId: number, sendRequest: () => void) {
  const entry = { correlationId, resolve: () => undefined, reject: () => undefined }
  return { entry, expectResponse: true, sendRequest }
}
