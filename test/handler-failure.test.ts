import { expect, test } from 'bun:test'
import { failureOf } from '../src/handler-failure.ts'
import { FinalError, RetryableError } from '../src/gateway.ts'

test('whatever is thrown is a failure, if it can be asked what it is or not', () => {
  const { proxy, revoke } = Proxy.revocable(new RetryableError('later'), {})
  expect(failureOf(proxy)).toMatchObject({ detail: 'later', errorClass: 'retryable' })
  revoke()
  const hostile = new Proxy(new Error('mine'), {
    getPrototypeOf() {
      throw new Error('nobody asks')
    },
  })
  for (const error of [proxy, hostile]) {
    expect(failureOf(error)).toEqual({
      code: 'HANDLER_FAILED',
      detail: expect.stringContaining('cannot be printed'),
      errorClass: 'unknown',
    })
  }
})

test('a bug says where it is, however long its message is', () => {
  const message = 'x'.repeat(200_000)
  const { detail } = failureOf(new Error(message))
  expect(detail.slice(message.length)).toStartWith(' (handler-failure.test.ts:')
  expect(failureOf(new FinalError('known')).detail).toBe('known')
  expect(failureOf('no error').detail).toBe('no error')
})
