import { createHmac } from 'node:crypto'
import { expect, test } from 'bun:test'
import { compileAdyen } from '../../../src/providers/code/adyen.ts'
import { judge, sent, unnoticedFlips } from './support.ts'

/** The example of Adyen/adyen-node-api-library, src/__tests__/hmacValidator.spec.ts. */
const KEY = 'DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00'
const ITEM = {
  pspReference: 'pspReference',
  originalReference: 'originalReference',
  merchantAccountCode: 'merchantAccount',
  merchantReference: 'reference',
  amount: { currency: 'EUR', value: 1000 },
  eventCode: 'CAPTURE',
  success: 'true',
}
const SIGNED = {
  ...ITEM,
  additionalData: { hmacSignature: 'xhpHvYq2u2Np0rstbZ6QjLGu7JWhvf7Iwaa6EviJSX0=' },
}

function notification(...items: readonly unknown[]) {
  const notificationItems = items.map((item) => ({ NotificationRequestItem: item }))
  return sent(JSON.stringify({ live: 'false', notificationItems }))
}

function signed(item: typeof ITEM, text: string) {
  const hmacSignature = createHmac('sha256', Buffer.from(KEY, 'hex')).update(text).digest('base64')
  return { ...item, additionalData: { hmacSignature } }
}

const takes = judge(compileAdyen, { secrets: [KEY] })

test('the published item is taken', () => {
  expect(takes(notification(SIGNED))).toBe('proven')
  expect(takes(notification(SIGNED, SIGNED))).toBe('proven')
})

test('any of several keys will do, and no other', () => {
  const other = KEY.replace('DF', 'DE')
  expect(judge(compileAdyen, { secrets: [other, KEY] })(notification(SIGNED))).toBe('proven')
  expect(judge(compileAdyen, { secrets: [other] })(notification(SIGNED))).toBe('mismatch')
})

test('every item counts, wherever it stands', () => {
  const unsigned = ITEM
  const changed = { ...SIGNED, amount: { currency: 'EUR', value: 1001 } }
  for (const bad of [unsigned, changed, {}, null]) {
    expect(takes(notification(SIGNED, bad))).toBe('mismatch')
    expect(takes(notification(bad, SIGNED))).toBe('mismatch')
  }
  expect(takes(notification())).toBe('missing_header')
  expect(takes(sent('[]'))).toBe('missing_header')
  expect(takes(sent('no JSON'))).toBe('missing_header')
})

test('a flipped bit is noticed, but for members that are not signed', () => {
  const unnoticed = unnoticedFlips(takes, notification(SIGNED))
  expect(unnoticed.filter((where) => !/live|"fal|alse"|":"f|e","n/.test(where))).toEqual([])
})

test('a reference with colons cannot be read as two fields', () => {
  const text = 'psp::account:a:b:1000:EUR:CAPTURE:true'
  const item = {
    ...ITEM,
    pspReference: 'psp',
    originalReference: '',
    merchantAccountCode: 'account',
  }
  expect(takes(notification(signed({ ...item, merchantReference: 'a:b' }, text)))).toBe('proven')
  const shifted = { ...item, merchantAccountCode: 'account:a', merchantReference: 'b' }
  expect(takes(notification(signed(shifted, text)))).toBe('mismatch')
})

test('an amount that JavaScript cannot hold is not taken for its neighbour', () => {
  const text = 'psp::account:a:9007199254740992:EUR:CAPTURE:true'
  const item = {
    ...ITEM,
    pspReference: 'psp',
    originalReference: '',
    merchantAccountCode: 'account',
  }
  const body = JSON.stringify({
    notificationItems: [
      { NotificationRequestItem: signed({ ...item, merchantReference: 'a' }, text) },
    ],
  })
  expect(takes(sent(body.replace(':1000', ':9007199254740993')))).toBe('mismatch')
})

test('a key that is not hex does not start', () => {
  expect(() => judge(compileAdyen, { secrets: ['not hex at all'] })).toThrow('CONFIG_INVALID')
})
