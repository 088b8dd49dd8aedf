import { describe, expect, test } from 'bun:test'
import {
  KafkaJSConnectionError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
} from 'kafkajs'
import { BrokenInvariant } from '../../src/assert.ts'
import { GatewayError, type FaultCode } from '../../src/faults/faults.ts'
import { toFault } from '../../src/kafka/faults.ts'

interface ErrorCode {
  readonly type: string
  readonly code: number
  readonly message: string
}

/** All that kafkajs knows; it exports them nowhere, and has no types for them. */
const MODULE: string = 'kafkajs/src/protocol/error.js'
const { errorCodes } = (await import(MODULE)) as { readonly errorCodes: readonly ErrorCode[] }

describe('an error of Kafka', () => {
  test('belongs to a record, to a topic, or else to the cluster: every code has its class', () => {
    const byCode = Map.groupBy(errorCodes, (code) => toFault(protocolError(code.type)).code)
    const namesOf = (code: FaultCode) => byCode.get(code)?.map(({ type }) => type) ?? []

    expect(namesOf('RECORD_REJECTED')).toEqual([
      'MESSAGE_TOO_LARGE',
      'RECORD_LIST_TOO_LARGE',
      'INVALID_RECORD',
    ])
    expect(namesOf('TOPIC_REJECTED')).toEqual([
      'UNKNOWN_TOPIC_OR_PARTITION',
      'INVALID_TOPIC_EXCEPTION',
      'TOPIC_AUTHORIZATION_FAILED',
      'INVALID_TIMESTAMP',
      'UNSUPPORTED_FOR_MESSAGE_FORMAT',
      'POLICY_VIOLATION',
    ])
    expect(namesOf('PUBLISHING_DENIED')).toEqual(['CLUSTER_AUTHORIZATION_FAILED'])
    expect(namesOf('BROKER_UNAVAILABLE')).toContain('NOT_ENOUGH_REPLICAS_AFTER_APPEND')
    expect(namesOf('BROKER_UNAVAILABLE')).toContain('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(namesOf('BROKER_UNAVAILABLE')).toContain('UNKNOWN_PRODUCER_ID')
    expect(namesOf('BROKER_UNAVAILABLE')).toHaveLength(errorCodes.length - 10)
  })

  test('is recognised in whatever kafkajs wraps it', () => {
    const tooLarge = protocolError('MESSAGE_TOO_LARGE')
    const wrapped = Object.assign(new KafkaJSNonRetriableError(tooLarge), { cause: tooLarge })
    const unknown = protocolError('UNKNOWN_TOPIC_OR_PARTITION')
    const exceeded = new KafkaJSNumberOfRetriesExceeded(unknown, { retryCount: 1, retryTime: 100 })
    expect(toFault(wrapped).code).toBe('RECORD_REJECTED')
    expect(toFault(exceeded).code).toBe('TOPIC_REJECTED')
    expect(toFault(exceeded).detail).toBe('This server does not host this topic-partition')
  })
})

describe('an error of the client', () => {
  const circular = new Error('circular')
  circular.cause = circular
  test.each([
    ['a refused connection', new KafkaJSConnectionError('connect ECONNREFUSED')],
    ['a request without an answer', new KafkaJSRequestTimeoutError('timed out')],
    ['what a runtime says of the network', Object.assign(new TypeError('no'), { code: 'E' })],
    [
      'an error with a code that is new',
      makeProtocolError({ type: 'NEW', code: 999, message: '' }),
    ],
    ['an error that causes itself', circular],
    ['something that is no error', 'text'],
    ['nothing', undefined],
  ])('%s is waited out', (_, error) => {
    expect(toFault(error).code).toBe('BROKER_UNAVAILABLE')
  })

  test('that is a bug is not called Kafka’s, whatever it is wrapped in', () => {
    const bug = new TypeError('undefined is not an object')
    const wrapped = Object.assign(new KafkaJSNonRetriableError(bug), { cause: bug })
    const broken = new BrokenInvariant('one send is in flight')
    for (const error of [bug, wrapped, broken]) {
      expect(toFault(error).code).toBe('CLIENT_FAILED')
    }
    expect(toFault(wrapped).detail).toBe('undefined is not an object')
  })

  test('that is a fault already stays what it is', () => {
    const fault = new GatewayError('TOPIC_REJECTED', 'x')
    expect(toFault(fault)).toBe(fault)
  })
})

function protocolError(type: string): KafkaJSProtocolError {
  const code = errorCodes.find((candidate) => candidate.type === type)
  if (code === undefined) throw new Error(`kafkajs knows no ${type}`)
  return makeProtocolError(code)
}

/**
 * Its own types say that it takes a message; it takes a row of the table, and copies type and code
 * from it.
 */
function makeProtocolError(code: ErrorCode): KafkaJSProtocolError {
  return new KafkaJSProtocolError(code as unknown as Error)
}
