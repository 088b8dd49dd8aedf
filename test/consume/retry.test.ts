import { expect, test } from 'bun:test'
import { failureOf } from '../../src/consume/retry.ts'
import { RetryableError } from '../../src/gateway.ts'

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
