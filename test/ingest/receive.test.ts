import { expect, test } from 'bun:test'
import { receive, type BodyBudget } from '../../src/ingest/receive.ts'
import { manualClock } from '../support/manual-clock.ts'

const BODY_BYTES_MAX = 200_000
const roomy: BodyBudget = {
  holdDeclared: () => false, // so that every body is counted as it streams
  hold: () => undefined,
  read: (body) => body,
}

/** Receives a body in chunks of these sizes, each filled with its place. */
function receiveChunks(sizes: Iterable<number>) {
  const chunks = [...sizes].map((size, place) => new Uint8Array(size).fill(place))
  const body = new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
  const request = new Request('http://localhost/hooks/x', { method: 'POST', body })
  const ports = { clock: manualClock(), bodyBytesMax: BODY_BYTES_MAX, budget: roomy }
  return { chunks, received: receive(request, 'x', ports) }
}

test.each([
  ['of none', []],
  ['of one byte', [1]],
  ['of many sizes', [1, 20_000, 3, 90_000, 5, 17]],
  ['of exactly the limit', [BODY_BYTES_MAX - 1, 1]],
])('a body in chunks %s is put together byte for byte', async (_, sizes) => {
  const { chunks, received } = receiveChunks(sizes)

  expect(await received).toMatchObject({
    kind: 'received',
    body: new Uint8Array(Buffer.concat(chunks)),
  })
})

test('a body in crumbs is refused: each costs far more than it holds', async () => {
  const { received } = receiveChunks(Array.from({ length: 2_000 }, () => 1))

  expect(await received).toMatchObject({ kind: 'refused', code: 'REQUEST_MALFORMED' })
})

test('a body in many chunks of a fair size is taken', async () => {
  const { received } = receiveChunks(Array.from({ length: 2_000 }, () => 100))

  expect(await received).toMatchObject({ kind: 'received' })
})
