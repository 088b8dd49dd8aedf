import { createHash } from 'node:crypto'
import { expect, test } from 'bun:test'
import { compileUnisenderGo } from '../../../src/providers/code/unisender-go.ts'
import { judge, sent, unnoticedFlips } from './support.ts'

/** The example of anymail/django-anymail, tests/test_unisender_go_webhooks.py. */
const BODY = '{"auth":"8c64386327f53722434f44021a7a0d40","key":"value"}'
const takes = judge(compileUnisenderGo, { secrets: ['api_key'] })

test('the published body is taken, and with no flipped bit', () => {
  expect(takes(sent(BODY))).toBe('proven')
  expect(unnoticedFlips(takes, sent(BODY))).toEqual([])
})

test('the bytes are hashed as they are, wherever the hash stands', () => {
  for (const template of [
    '{"auth":"KEY","a":"\\u00e4 $& \\/"}',
    ' { "events" : [ { "auth" : "not this one" } ] , "auth" : "KEY" }\r\n',
    '{"auth":"KEY"}',
  ]) {
    const hash = createHash('md5')
      .update(template.replace('KEY', () => 'api_key'))
      .digest('hex')
    expect(takes(sent(template.replace('KEY', hash)))).toBe('proven')
  }
})

test('any of several keys will do', () => {
  expect(judge(compileUnisenderGo, { secrets: ['old', 'api_key'] })(sent(BODY))).toBe('proven')
  expect(judge(compileUnisenderGo, { secrets: ['old'] })(sent(BODY))).toBe('mismatch')
})

test('what has no hash is refused', () => {
  const inner = '{"events":[{"auth":"8c64386327f53722434f44021a7a0d40"}]}'
  for (const body of ['{}', '[]', '', 'null', '"auth"', inner, '{"auth":1}', BODY.slice(1)]) {
    expect(takes(sent(body))).toBe('missing_header')
  }
  expect(takes(sent(BODY.replace('8c64', '8C64')))).toBe('missing_header')
})
