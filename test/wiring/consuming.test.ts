/** The wiring of consumers: what of a definition begins another life. */
import { expect, test } from 'bun:test'
import { resolveConsumers } from '../../src/loading/consumers.ts'
import { shapeOf } from '../../src/wiring/consuming.ts'
import type { ConsumerDefinition } from '../../src/consumer.ts'
import { defineConsumer, onRecord, z } from '../../src/gateway.ts'

function shape(overrides: Partial<ConsumerDefinition> = {}): string {
  const events = { '*': onRecord(z.unknown(), () => null) }
  const definition = defineConsumer('counting', { topics: ['orders'], events, ...overrides })
  const consumer = resolveConsumers([{ file: 'counting.ts', definition }]).get('counting')
  if (consumer === undefined) throw new Error('the consumer is there')
  return shapeOf(consumer)
}

test('a life goes on with other handlers, and another one begins with what it was begun by', () => {
  const events = { 'order.*': onRecord(z.string(), () => null) }
  expect(shape({ events, timeoutMs: 5, retry: { triesMax: 1 } })).toBe(shape())
  expect(shape({ state: z.int() })).toBe(shape({ state: z.string() }))
  const others = [
    { topics: [/orders/] },
    { group: 'another' },
    { from: 'latest' },
    { concurrency: 1 },
    { memoryBytesMax: 2 ** 20 },
    { stateEntriesMax: 1 },
    { state: z.int() },
  ] as const
  for (const each of others) expect(shape(each)).not.toBe(shape())
})
