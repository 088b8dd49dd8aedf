import { afterAll, expect, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import { openForwarding } from '../../src/entries/forwarding.ts'
import { randomSecret } from '../../src/ids.ts'
import { receiptMaker } from '../../src/receipt.ts'
import { sampleEvent } from '../support/stored.ts'

const SECRET = `whsec_${randomSecret()}`
const receiptFor = receiptMaker(SECRET)

/** Whoever answers in place of a core node. The real one is in test/e2e/forward.test.ts. */
let answer: (body: Uint8Array) => Response = () => new Response()
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: async (request) => answer(await request.bytes()),
})
afterAll(() => server.stop(true))

const INLET_FORWARD_URL = `http://127.0.0.1:${server.port}`
const settings = { INLET_FORWARD_URL, INLET_FORWARD_SECRET: [SECRET] }
const forward = openForwarding(settings, { clock: systemClock })

const withReceipt = (receipt: string) =>
  new Response(null, { status: 202, headers: { 'inlet-receipt': receipt } })

test('what is no receipt for these very events does not count as one', async () => {
  const strange = receiptMaker(`whsec_${randomSecret()}`)
  const answers: readonly (typeof answer)[] = [
    () => new Response('<h1>Sorry, maintenance</h1>', { status: 200 }),
    () => new Response(null, { status: 202 }),
    (body) => withReceipt(strange(body)),
    () => withReceipt(receiptFor(new Uint8Array())),
    (body) => withReceipt(receiptFor(body).slice(0, -1)),
  ]
  for (const each of answers) {
    answer = each
    await expect(forward([sampleEvent('a')])).rejects.toMatchObject({
      code: 'FORWARD_FAILED',
      message: expect.stringContaining('without a receipt'),
    })
  }
})

test('a core gives one receipt for each of its secrets, and one of them is enough', async () => {
  const other = receiptMaker(`whsec_${randomSecret()}`)
  answer = (body) => withReceipt(`${other(body)} ${receiptFor(body)}`)
  await expect(forward([sampleEvent('a')])).resolves.toBeUndefined()
})
