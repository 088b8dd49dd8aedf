import { expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineProvider, verifyVectors } from '../../src/gateway.ts'
import { ownProviders } from '../../src/wiring/serving.ts'
import { loadHandlers } from '../../src/loading/handler-files.ts'
import { prepare } from '../../src/wiring/setup.ts'
import { makeTempDir } from '../support/temp.ts'
import { evidenceOf, provenBy } from '../../src/providers/evidence.ts'
import { signSample } from '../../src/providers/sign.ts'
import { configOf, rowOf, secretsOf } from './support.ts'

const SECRET = 'a-secret-that-is-long-enough'
const BODY = '{"id":"evt_1","type":"order.paid"}'
const signature = createHmac('sha256', SECRET).update(BODY).digest('hex')
const acme = defineProvider({ ...rowOf('lemon_squeezy'), key: 'acme', name: 'Acme' })
const vector = { headers: { 'x-signature': signature }, body: BODY, secrets: [SECRET] } as const

test('vectors say which delivery did not come out as it should', () => {
  expect(verifyVectors(acme, [{ ...vector, expect: 'accept' }])).toEqual([])
  expect(
    verifyVectors(acme, [
      { ...vector, expect: 'reject' },
      { ...vector, body: `${BODY}\n`, expect: 'accept' },
      { ...vector, headers: {}, expect: 'reject' },
    ]),
  ).toEqual(['vector 0: is accepted', 'vector 1: x-signature does not match the body'])
})

test('of a provider that does not sign bodies, another one is no mistake', () => {
  const now = Date.UTC(2026, 2, 4, 9, 30)
  // A token, parts of a form, and a token that says nothing of its request.
  for (const key of ['telegram', 'mailgun', 'livekit', 'monday']) {
    const row = defineProvider({ ...rowOf(key), key: 'acme' })
    const secret = secretsOf(key).sign
    const config = configOf(row)
    const [type = ''] = Object.keys(row.samples)
    const made = signSample(row, { secret, config, type, eventId: 'evt_1', now })
    const body = new TextDecoder().decode(made.body)
    const { headers } = made
    const own = { expect: 'accept', headers, body, secrets: [secret], config, now } as const
    expect([key, verifyVectors(row, [own])]).toEqual([key, []])
  }
})

test('a row that the engine does not know is no provider', () => {
  const broken = { ...acme, schemes: [] }
  expect(() => verifyVectors(broken, [])).toThrow('schemes')
})

const handler = (provider: string) => `import { defineSource } from 'inlet'
import { rowOf } from '${join(import.meta.dir, 'support.ts')}'
const row = rowOf('lemon_squeezy')
export default defineSource('acme', {
  provider: ${provider},
  events: { '*': { topic: 'webhooks.acme' } },
})
`

async function withHandler(provider: string, run: (env: Record<string, string>) => Promise<void>) {
  await using directory = await makeTempDir()
  writeFileSync(join(directory.path, 'acme.ts'), handler(provider))
  await run({
    INLET_HANDLERS_DIR: directory.path,
    INLET_DATA_DIR: join(directory.path, 'data'),
    INLET_SINK: 'file',
    INLET_SECRET_ACME: SECRET,
  })
}

test('a handler file brings a provider of its own', async () => {
  await withHandler(`{ ...row, key: 'acme', name: 'Acme' }`, async (env) => {
    const { sources } = await prepare(env)
    const source = sources.get('acme')
    expect(source?.provider).toBe('acme')
    expect(source?.parse?.(new TextEncoder().encode(BODY), 'application/json')).toMatchObject({
      kind: 'json',
    })
    expect([...(await ownProviders(await loadHandlers(env))).rows.keys()]).toEqual(['acme'])
  })
})

test('it is not proven by being called like something that every object has', () => {
  for (const key of ['constructor', '__proto__']) {
    expect([evidenceOf({ ...acme, key }), provenBy(key)]).toEqual([acme.level, []])
  }
})

test('it takes the place of none in the catalogue, and has to be a whole row', async () => {
  await withHandler('row', async (env) => {
    await expect(prepare(env)).rejects.toThrow('lemon_squeezy is a provider of the catalogue')
  })
  await withHandler(`{ key: 'acme' }`, async (env) => {
    await expect(prepare(env)).rejects.toThrow('acme.ts: schemes')
  })
})
