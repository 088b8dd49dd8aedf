import { expect, test } from 'bun:test'
import { generateWebhookSignature } from '@hygraph/utils'
import { systemClock } from '../../../src/clock.ts'
import { compileHygraph } from '../../../src/providers/code/hygraph.ts'
import { judge, sent, unnoticedFlips, unnoticedHeaders } from './support.ts'

const SECRET = 'rCNwyiloY3oJYYkxgpBXaleIiUv5MYlx'
const BODIES = ['{"operation":"update","data":{"id":"ä\\u00e4 $& \\" \u2028"}}', '', '\r\n']

/** As Hygraph's own library signs; it takes the time from the clock. */
function signed(rawPayload: string, environmentName = 'master') {
  const signature = generateWebhookSignature({
    body: rawPayload === '' ? undefined : rawPayload,
    rawPayload,
    secret: SECRET,
    environmentName,
  })
  return sent(rawPayload, { 'gcms-signature': signature })
}

const now = () => systemClock.now()
const takes = judge(compileHygraph, { secrets: [SECRET], now })

test('what Hygraph’s own library signs is taken', () => {
  for (const body of BODIES.filter((each) => each !== '')) {
    expect(takes(signed(body))).toBe('proven')
    expect(takes(signed(body, 'pré-prod'.normalize('NFD').replace(/[^a-z-]/g, '')))).toBe('proven')
  }
})

test('a flipped bit is noticed', () => {
  const delivery = signed('{"operation":"update"}')
  expect(unnoticedFlips(takes, delivery)).toEqual([])
  expect(unnoticedHeaders(takes, delivery)).toEqual([])
})

test('bytes that are not UTF-8 are not taken for the character that replaces them', () => {
  const delivery = signed('{"a":"\uFFFD"}')
  expect(takes(delivery)).toBe('proven')
  const body = Buffer.from('{"a":"\xff"}', 'latin1')
  expect(takes({ ...delivery, body })).toBe('bad_encoding')
})

test('the time is in ms, and holds for 5 minutes in both directions', () => {
  const delivery = signed('{}')
  const at = (ms: number) => judge(compileHygraph, { secrets: [SECRET], now: () => now() + ms })
  for (const ms of [-299_000, 299_000]) expect(at(ms)(delivery)).toBe('proven')
  for (const ms of [-302_000, 302_000]) expect(at(ms)(delivery)).toBe('stale')
})

test('a header of another form is refused', () => {
  const header = signed('{}').headers.get('gcms-signature') ?? ''
  for (const other of [
    '',
    header.replaceAll(', ', ','),
    header.split(', ').toReversed().join(', '),
    `${header}, t=1`,
    header.replace('t=', 't=+'),
    header.replace('sign=', 'sign= '),
  ]) {
    expect(takes(sent('{}', { 'gcms-signature': other }))).toBe('bad_encoding')
  }
})
