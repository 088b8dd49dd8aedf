import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sampleEvent, tokenOf } from '../../src/cli/sample-event.ts'
import { readCloudEvents } from '../../src/ingest/cloud-events.ts'
import { makeTempDir } from '../support/temp.ts'
import { sampleDelivery } from '../support/verified.ts'

test('a sample is a CloudEvent, whatever its id and type', () => {
  const data = Buffer.from('{"n":1}')
  const { headers, body } = sampleEvent({ token: 't', type: 'a b', id: 'ü 1%', data })
  const result = readCloudEvents(sampleDelivery(Buffer.from(body).toString(), headers))

  expect(result).toMatchObject({
    kind: 'events',
    events: [{ attributes: { id: 'ü 1%', type: 'a b' }, parsed: { value: { n: 1 } } }],
  })
})

test('the token is the first of those that are configured', async () => {
  await using directory = await makeTempDir()
  const file = join(directory.path, 'tokens')
  writeFileSync(file, 'first\nsecond\n')

  expect(tokenOf('my-shop', { INLET_EVENTS_TOKEN_MY_SHOP: ' one two ' })).toBe('one')
  expect(tokenOf('my-shop', { INLET_EVENTS_TOKEN_MY_SHOP_FILE: file })).toBe('first')
  expect(tokenOf('my-shop', {})).toBeUndefined()
})
