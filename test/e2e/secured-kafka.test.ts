/** The compiled binary in front of a Kafka that wants TLS, and to know who comes. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { builtCommand, startGateway } from '../support/gateway-process.ts'
import {
  PASSWORD,
  startSecuredKafka,
  USERNAME,
  type SecuredKafka,
} from '../support/secured-kafka.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { createTopicNamed, readTopic, withoutWriting } from '../support/topics.ts'

setDefaultTimeout(60_000)

const SECRET = 'made-up-secret'

describeWithKafka('the binary, with a Kafka that is secured', () => {
  let directory: TempDir
  let kafka: SecuredKafka
  let command: readonly string[]
  beforeAll(async () => {
    directory = await makeTempDir()
    kafka = await startSecuredKafka(directory.path)
    command = builtCommand()
  })
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  /** What arrives on a topic of its own, of one delivery; and what the gateway logged. */
  async function deliver(source: string, env: Readonly<Record<string, string>>) {
    const topic = `webhooks.${source}`
    await createTopicNamed(topic, { brokers: kafka.brokers, partitions: 1 })
    await using gateway = await startGateway({
      command,
      cwd: directory.path,
      env: {
        INLET_DATA_DIR: join(directory.path, source),
        INLET_SOURCES: `${source}=github`,
        [`INLET_SECRET_${source.toUpperCase()}`]: SECRET,
        KAFKA_SSL: 'true',
        KAFKA_SSL_CA_FILE: kafka.authority.cert,
        LOG_LEVEL: 'debug',
        ...env,
      },
    })
    const body = `{"to":"${source}"}`
    const signature = createHmac('sha256', SECRET).update(body).digest('hex')
    const headers = {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': source,
      'x-hub-signature-256': `sha256=${signature}`,
    }
    const answer = await fetch(`${gateway.url}/hooks/${source}`, { method: 'POST', body, headers })
    expect(answer.status).toBe(202)
    await gateway.drained(30_000)
    const records = await readTopic(kafka.brokers, topic)
    expect(records.map(({ value }) => value.toString())).toEqual([body])
    return JSON.stringify(gateway.log)
  }

  test('publishes over TLS with SCRAM, and logs no password', async () => {
    const log = await deliver('scram', {
      KAFKA_BROKERS: kafka.login,
      KAFKA_SASL_MECHANISM: 'scram-sha-256',
      KAFKA_SASL_USERNAME: USERNAME,
      KAFKA_SASL_PASSWORD: PASSWORD,
    })
    expect(log).not.toContain(PASSWORD)
  })

  test('a client that may write to no topic is told so, not to look at the brokers', async () => {
    const ask = () =>
      Bun.spawnSync([...command, 'doctor'], {
        cwd: directory.path,
        env: {
          INLET_DATA_DIR: join(directory.path, 'denied'),
          INLET_SECRET_GITHUB: SECRET,
          INLET_SOURCES: 'github',
          KAFKA_BROKERS: kafka.login,
          KAFKA_SSL: 'true',
          KAFKA_SSL_CA_FILE: kafka.authority.cert,
          KAFKA_SASL_MECHANISM: 'scram-sha-256',
          KAFKA_SASL_USERNAME: USERNAME,
          KAFKA_SASL_PASSWORD: PASSWORD,
        },
      })
    const rule = { brokers: kafka.brokers, user: USERNAME }
    const { stdout, exitCode } = await withoutWriting(rule, ask)

    expect(stdout.toString()).toMatch(
      /^FAIL  this client cannot publish: PUBLISHING_DENIED.*Grant it Write on its topics/m,
    )
    expect(exitCode).toBe(1)
  })

  test('publishes with a client certificate, and logs no key', async () => {
    const log = await deliver('mutual', {
      KAFKA_BROKERS: kafka.mutualTls,
      KAFKA_SSL_CERT_FILE: kafka.client.cert,
      KAFKA_SSL_KEY_FILE: kafka.client.key,
    })
    expect(log).not.toContain('PRIVATE KEY')
  })
})
