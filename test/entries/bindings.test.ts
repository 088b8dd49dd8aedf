import { expect, test } from 'bun:test'
import { variablesOf } from '../../src/entries/bindings.ts'

test('a number, or true, stands for its text', () => {
  const bindings = { INLET_RETENTION_DAYS: 3, INLET_LOG_DELIVERIES: false, INLET_SINK: 'forward' }
  expect(variablesOf({ ...bindings, DB: { prepare: () => undefined } })).toEqual({
    INLET_RETENTION_DAYS: '3',
    INLET_LOG_DELIVERIES: 'false',
    INLET_SINK: 'forward',
  })
})

test('what is named like a setting and can be none is refused by name, and not dropped', () => {
  const wrong = { INLET_SOURCES: ['github'], KAFKA_BROKERS: { secret: 'value' }, QUEUE: {} }
  expect(() => variablesOf(wrong)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^(?!.*(QUEUE|value)).*INLET_SOURCES.*KAFKA_BROKERS/s),
    }),
  )
})
