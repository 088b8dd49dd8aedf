import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { AclOperationTypes } from 'kafkajs'
import { systemClock } from '../../src/clock.ts'
import type { KafkaSasl, KafkaSecurity, KafkaTls } from '../../src/settings/kafka-security.ts'
import { openKafkaPublisher } from '../../src/kafka/producer.ts'
import { silentLog } from '../../src/log.ts'
import {
  PASSWORD,
  startSecuredKafka,
  strangerIn,
  unsignedToken,
  USERNAME,
  type SecuredKafka,
} from '../support/secured-kafka.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { createTopic, grantOnTopic, readTopic } from '../support/topics.ts'

setDefaultTimeout(60_000)

const UNVERIFIED = /BROKER_UNAVAILABLE.*unable to verify the first certificate/

describeWithKafka('the Kafka publisher, towards brokers that are secured', () => {
  let directory: TempDir
  let kafka: SecuredKafka
  let topic: string
  let tls: KafkaTls
  beforeAll(async () => {
    directory = await makeTempDir()
    kafka = await startSecuredKafka(directory.path)
    topic = await createTopic({ brokers: kafka.brokers, partitions: 1 })
    tls = { ca: readFileSync(kafka.authority.cert, 'utf8') }
  })
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  function open(broker: string, security: KafkaSecurity) {
    return openKafkaPublisher({
      brokers: [broker],
      clientId: 'inlet-test',
      compression: 'none',
      clock: systemClock,
      log: silentLog,
      security,
    })
  }

  /** Publishes one record; the fault's detail where that fails. */
  async function publish(
    broker: string,
    security: KafkaSecurity,
    key: string,
    to = topic,
  ): Promise<string> {
    const publisher = open(broker, security)
    try {
      await publisher.publish([{ topic: to, key, value: Buffer.from('{}'), headers: {} }])
      return 'published'
    } catch (error) {
      return String(error)
    } finally {
      await publisher.close()
    }
  }

  const passwordLogin = (mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512') =>
    ({ mechanism, username: USERNAME, password: PASSWORD }) satisfies KafkaSasl

  test('publishes over TLS, with and without a client certificate, and with every login', async () => {
    const client = {
      cert: readFileSync(kafka.client.cert, 'utf8'),
      key: readFileSync(kafka.client.key, 'utf8'),
    }
    const ways: readonly [string, string, KafkaSecurity][] = [
      ['tls', kafka.tls, { tls }],
      ['mutual tls', kafka.mutualTls, { tls: { ...tls, client } }],
      ['plain', kafka.login, { tls, sasl: passwordLogin('plain') }],
      ['scram-sha-256', kafka.login, { tls, sasl: passwordLogin('scram-sha-256') }],
      ['scram-sha-512', kafka.login, { tls, sasl: passwordLogin('scram-sha-512') }],
      ['scram in clear', kafka.clearLogin, { sasl: passwordLogin('scram-sha-512') }],
    ]
    for (const [way, broker, security] of ways) {
      expect([way, await publish(broker, security, way)]).toEqual([way, 'published'])
    }
    const keys = (await readTopic(kafka.brokers, topic)).map(({ key }) => key ?? '')
    for (const [way] of ways) expect(keys).toContain(way)
  })

  test('publishes to a broker at an IPv6 address', async () => {
    if (kafka.ipv6 === undefined) return // this machine has none
    expect(await publish(kafka.ipv6, {}, 'ipv6')).toBe('published')
  })

  test('refuses a broker that is not proved to be the one it asked for', async () => {
    const stranger = { ca: readFileSync(strangerIn(directory.path), 'utf8') }
    const port = kafka.tls.split(':')[1]

    expect(await publish(kafka.tls, { tls: stranger }, 'never')).toMatch(UNVERIFIED)
    expect(await publish(kafka.tls, { tls: {} }, 'never')).toMatch(UNVERIFIED)
    expect(await publish(`localhost:${port}`, { tls }, 'never')).toMatch(
      /BROKER_UNAVAILABLE.*does not match certificate's altnames/,
    )
  })

  test('says why a broker refuses it', async () => {
    const wrong = { ...passwordLogin('scram-sha-512'), password: 'wrong-password' }
    const plain = { ...passwordLogin('plain'), password: 'wrong-password' }
    const tries: readonly [string, KafkaSecurity, RegExp][] = [
      [kafka.mutualTls, { tls }, /SSLV3_ALERT_BAD_CERTIFICATE/],
      [kafka.login, { tls, sasl: wrong }, /SCRAM SHA512 authentication failed.*credentials/],
      [kafka.login, { tls, sasl: plain }, /PLAIN authentication failed.*Invalid username or pass/],
    ]
    for (const [broker, security, reason] of tries) {
      const outcome = await publish(broker, security, 'never')
      expect(outcome).toMatch(/BROKER_UNAVAILABLE/)
      expect(outcome).toMatch(reason)
      expect(outcome).not.toContain('wrong-password')
    }
  })

  test('a topic that it may not write to holds up that topic alone', async () => {
    const sealed = await createTopic({ brokers: kafka.brokers, partitions: 1 })
    const login = { tls, sasl: passwordLogin('plain') }
    await grantOnTopic(sealed, {
      brokers: kafka.brokers,
      user: USERNAME,
      operation: AclOperationTypes.DESCRIBE,
    })

    expect(await publish(kafka.login, login, 'never', sealed)).toMatch(/TOPIC_REJECTED.*uthori/)
  })

  test('logs in with a token from its endpoint, and says that one has expired', async () => {
    const nowSeconds = Math.floor(systemClock.now() / 1000)
    let token = unsignedToken(nowSeconds, nowSeconds + 3600)
    const asked: string[] = []
    await using endpoint = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      async fetch(request) {
        asked.push(`${request.headers.get('authorization')} ${await request.text()}`)
        return Response.json({ access_token: token, expires_in: 3600 })
      },
    })
    const tokenUrl = String(endpoint.url)
    const sasl = {
      mechanism: 'oauthbearer',
      tokenUrl,
      clientId: 'inlet',
      clientSecret: 'a b',
      scope: 'kafka',
    } as const
    expect(await publish(kafka.login, { tls, sasl }, 'oauthbearer')).toBe('published')
    token = unsignedToken(nowSeconds - 7200, nowSeconds - 3600)
    expect(await publish(kafka.login, { tls, sasl }, 'never')).toMatch(
      /BROKER_UNAVAILABLE.*OAUTHBEARER authentication failed.*invalid_token/,
    )

    const basic = `Basic ${Buffer.from('inlet:a%20b').toString('base64')}`
    expect(asked[0]).toBe(`${basic} grant_type=client_credentials&scope=kafka`)
  })

  test('logs in again on the same connection, once its login runs out', async () => {
    const nowSeconds = Math.floor(systemClock.now() / 1000)
    let asked = 0
    await using endpoint = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch() {
        asked += 1
        // No `expires_in`: every login asks for a token.
        return Response.json({ access_token: unsignedToken(nowSeconds, nowSeconds + 3600) })
      },
    })
    const tokenUrl = String(endpoint.url)
    const client = { clientId: 'inlet', clientSecret: 'made-up', scope: undefined }
    const publisher = open(kafka.clearLogin, {
      sasl: { mechanism: 'oauthbearer', tokenUrl, ...client },
    })
    const send = (key: string) =>
      publisher.publish([{ topic, key, value: Buffer.from('{}'), headers: {} }])
    await send('first login')
    const first = asked
    while (asked === first) await send('until the next')
    await send('second login')
    await publisher.close()
  })

  test('nothing that was refused has arrived', async () => {
    const keys = (await readTopic(kafka.brokers, topic)).map(({ key }) => key)
    expect(keys).not.toContain('never')
  })
})
