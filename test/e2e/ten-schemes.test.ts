/** `inlet send`, a gateway and the real Kafka, for providers that prove themselves differently. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { variableName } from '../../src/settings/config.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { builtCommand, startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic } from '../support/topics.ts'

setDefaultTimeout(60_000)
const DRAIN_MS_MAX = 30_000

/** By provider: how it proves itself, and what its sample with the id `id-1` is published as. */
const EXPECTED = {
  stripe: ['hmac', 'id-1', 'payment_intent.succeeded', 'cus_SampleQ8dLmVt2'],
  shopify: ['hmac', 'orders/create.id-1', 'orders/create', '6120448833711'],
  standard_webhooks: ['hmac', 'id-1', 'invoice.paid', 'inv_2026_0417'],
  // Its pings are not events; this one is known by type and application.
  discord: [
    'ed25519',
    'APPLICATION_AUTHORIZED.id-1',
    'APPLICATION_AUTHORIZED',
    '1234560123453231555',
  ],
  // An element of a batch.
  sendgrid: ['ecdsa', 'id-1', 'delivered', 'sample.filter0001'],
  postal: ['rsa', 'id-1', 'MessageSent', '12345'],
  qstash: ['jwt', 'id-1', 'unknown', 'id-1'],
  // A token signs nothing, and Telegram's ids are numbers of its own.
  telegram: ['token', '10000', 'message', '1111111'],
  generic_basic: ['basic', 'id-1', 'invoice.paid', 'id-1'],
  cloudinary: ['digest', 'id-1', 'upload', 'tides/march'],
  adyen: ['code', 'id-1.AUTHORISATION.true', 'AUTHORISATION', 'id-1'],
  // Signs the registered URL, and a form.
  twilio: ['code', 'id-1.delivered', 'delivered', 'id-1'],
} as const

const PROVIDERS = Object.keys(EXPECTED)

describeWithKafka('samples of many schemes', (brokers) => {
  let command: readonly string[]
  let directory: TempDir
  let topic: string
  let gateway: GatewayProcess

  const env = () => ({
    KAFKA_BROKERS: brokers,
    INLET_URL: 'https://hooks.example.com',
    INLET_SOURCES: PROVIDERS.join(','),
    ...Object.fromEntries(PROVIDERS.map((name) => [`INLET_TOPIC_${variableName(name)}`, topic])),
  })

  beforeAll(async () => {
    command = builtCommand()
    directory = await makeTempDir()
    topic = await createTopic({ brokers, prefix: 'e2e-schemes' })
    gateway = await startGateway({ command, mode: 'dev', cwd: directory.path, env: env() })
  })
  afterAll(async () => {
    await gateway.end('SIGKILL')
    await deleteTopics(brokers, [topic])
    await directory[Symbol.asyncDispose]()
  })

  test('are published under the id, the type and the key that their providers give', async () => {
    for (const name of PROVIDERS) {
      const sent = Bun.spawnSync([...command, 'send', name, '--id', 'id-1', '--url', gateway.url], {
        cwd: directory.path,
        env: { PATH: process.env['PATH'] ?? '', ...env() },
      })
      expect([name, sent.exitCode, sent.stderr.toString()]).toEqual([name, 0, ''])
    }
    await gateway.drained(DRAIN_MS_MAX)

    const published = (await readTopic(brokers, topic)).map(({ key, headers }) => {
      const { ce_source = '', ce_id, ce_type } = headers
      return [ce_source, [CATALOGUE.get(ce_source)?.schemes[0]?.kind, ce_id, ce_type, key]]
    })
    expect(Object.fromEntries(published)).toEqual(EXPECTED)
    expect(published.length).toBe(PROVIDERS.length)
  })
})
