import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AclOperationTypes } from 'kafkajs'
import { DATABASE_FILE, LOCK_FILE, openDatabase } from '../../db/open.ts'
import { doctor } from '../../src/cli/doctor.ts'
import { systemClock } from '../../src/clock.ts'
import { checkBodies } from '../../src/doctor/bodies.ts'
import { watchClocks } from '../../src/doctor/clocks.ts'
import { checkRedis } from '../../src/doctor/redis.ts'
import { checkSecurity } from '../../src/doctor/security.ts'
import { checkTopics } from '../../src/doctor/topics.ts'
import { randomUuid } from '../../src/ids.ts'
import { openDbWorld } from '../db/world.ts'
import { makeAuthority } from '../support/certificates.ts'
import { manualClock } from '../support/manual-clock.ts'
import {
  PASSWORD,
  startSecuredKafka,
  strangerIn,
  unsignedToken,
  USERNAME,
  type SecuredKafka,
} from '../support/secured-kafka.ts'
import { describeWithKafka, describeWithRedis } from '../support/servers.ts'
import { sampleEvent } from '../support/stored.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { createTopicNamed, grantOnTopic } from '../support/topics.ts'
import { startUpstashFacade } from '../support/upstash-facade.ts'

setDefaultTimeout(60_000)

let directory: TempDir
beforeAll(async () => {
  directory = await makeTempDir()
})
afterAll(() => directory[Symbol.asyncDispose]())

type Env = Readonly<Record<string, string>>

/** A configuration that holds, with a data directory of its own that nobody else may read. */
function healthy(): Env {
  const dataDir = join(directory.path, randomUuid())
  mkdirSync(dataDir, { mode: 0o700 })
  const noHandlers = join(directory.path, 'no-handlers')
  mkdirSync(noHandlers, { recursive: true })
  return {
    INLET_SOURCES: 'github',
    INLET_SECRET_GITHUB: 'made-up-secret',
    INLET_SINK: 'file',
    INLET_DATA_DIR: dataDir,
    INLET_HANDLERS_DIR: noHandlers,
  }
}

async function examine(env: Env, args: readonly string[] = []) {
  const lines: string[] = []
  const code = await doctor.run({ args, env, print: (line) => lines.push(line) })
  return { code, lines }
}

/** The one line that matches; a second one is as wrong as none. */
async function lineOf(env: Env, what: RegExp): Promise<string> {
  const { lines } = await examine(env)
  const found = lines.filter((line) => what.test(line))
  if (found.length !== 1) throw new Error(`${found.length} lines match:\n${lines.join('\n')}`)
  return found[0] ?? ''
}

describe('inlet doctor', () => {
  test('finds nothing that fails where all is well, and changes nothing', async () => {
    const env = healthy()
    const { code, lines } = await examine(env)

    expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([])
    expect(code).toBe(0)
    expect([
      ...new Bun.Glob('*').scanSync({ cwd: env['INLET_DATA_DIR'] ?? '', dot: true }),
    ]).toEqual([])
  })

  test('prints JSON for scripts', async () => {
    const { lines } = await examine(healthy(), ['--json'])
    const findings = lines.map((line) => JSON.parse(line) as Record<string, unknown>)

    expect(findings).toContainEqual({
      level: 'warn',
      what: 'records go to files, a stand-in for Kafka',
      next: 'set INLET_SINK=kafka, and brokers',
    })
  })

  test('a configuration that is wrong: every problem, and no check that depends on it', async () => {
    const { code, lines } = await examine({ ...healthy(), PORT: 'x', KAFKA_SSL_CA_FILE: 'ca.pem' })

    expect(code).toBe(1)
    expect(lines).toHaveLength(2)
    expect(lines[0]).toStartWith('FAIL  PORT must be a whole number  — ')
    expect(lines[1]).toStartWith('FAIL  KAFKA_SSL_CA_FILE needs KAFKA_SSL=true  — ')
  })

  test('a data directory that others may look into', async () => {
    const env = healthy()
    const dataDir = env['INLET_DATA_DIR'] ?? ''
    chmodSync(dataDir, 0o755)

    const line = await lineOf(env, /others may look/)
    expect(line).toStartWith('warn')
    expect(line).toEndWith(`chmod 700 ${dataDir}`)
  })

  test('a disk that is nearly full', async () => {
    const line = await lineOf(
      { ...healthy(), INLET_DISK_FREE_MIN_BYTES: '1'.repeat(15) },
      /MB are free/,
    )

    expect(line).toStartWith('FAIL')
    expect(line).toContain('free space')
  })

  test('a database that is damaged; one that a gateway has open is left alone', async () => {
    const env = healthy()
    const path = join(env['INLET_DATA_DIR'] ?? '', DATABASE_FILE)
    const database = openDatabase({ path, clock: systemClock })
    expect(await lineOf(env, /database/)).toStartWith('ok    a gateway runs')
    database.close()
    expect(await lineOf(env, /database/)).toBe('ok    the database is intact (quick_check)')
    const file = openSync(path, 'r+')
    // A count in the header of the sixth page: nothing reads it to open the file.
    writeSync(file, Buffer.from([77]), 0, 1, 5 * 4096 + 7)
    closeSync(file)

    const { code, lines } = await examine(env)
    expect(code).toBe(1)
    expect(lines.find((line) => line.startsWith('FAIL  the database is damaged'))).toContain(
      '.recover',
    )
  })

  test('a database that cannot be opened keeps no other check from being made', async () => {
    const env = healthy()
    const dataDir = env['INLET_DATA_DIR'] ?? ''
    openDatabase({ path: join(dataDir, DATABASE_FILE), clock: systemClock }).close()
    rmSync(join(dataDir, LOCK_FILE))
    mkdirSync(join(dataDir, LOCK_FILE))
    const { code, lines } = await examine(env)
    expect(code).toBe(1)
    expect(lines.find((line) => line.startsWith('FAIL'))).toContain('database cannot be read: ')
    expect(lines.at(-1)).toContain('the clock is steady')
  })

  test('stored bodies that are not as they were written, beside a gateway, too', async () => {
    await using world = await openDbWorld()
    const env = { ...healthy(), INLET_DATA_DIR: dirname(world.path) }
    expect((await examine(env)).lines.filter((line) => /bodies/.test(line))).toEqual([])
    for (const id of 'abcdefg') await world.writer.commit(sampleEvent(id))
    expect(await lineOf(env, /bodies/)).toMatch(
      /^ok +the bodies of all 7 events \(1 MB on disk\) are as they were written$/,
    )
    const odd = 'seq % 2 = 1'
    world.database.client.run(`UPDATE chunks SET bodies = zeroblob(9) WHERE ${odd} OR seq > 5`)
    const { code, lines } = await examine(env, ['--full'])
    expect(code).toBe(1)
    const line = lines.find((each) => /bodies/.test(each))
    expect(line).toStartWith(
      'FAIL  of the bodies of all 7 events (1 MB on disk) some are damaged: ',
    )
    expect(line).toContain(': 7, 6, 5, 3, 1  — look at the disk; ')
  })

  test('a broker that is away, and Redis that is away', async () => {
    const away = {
      KAFKA_BROKERS: '127.0.0.1:1',
      REDIS_URL: 'redis://:hunter2@127.0.0.1:1',
      INLET_NODE: 'one',
    }
    const { code, lines } = await examine({ ...healthy(), INLET_SINK: 'kafka', ...away })
    const text = lines.join('\n')

    expect(code).toBe(1)
    expect(text).toMatch(
      /FAIL  broker 127.0.0.1:1 does not answer:.*ECONNREFUSED.*start the broker/,
    )
    expect(text).toMatch(/FAIL  Redis does not answer: ECONNREFUSED  — correct REDIS_URL/)
    expect(text).not.toContain('hunter2')
  })
})

describeWithKafka('inlet doctor, with a Kafka', () => {
  let kafka: SecuredKafka
  beforeAll(async () => {
    kafka = await startSecuredKafka(directory.path)
    const config = { 'max.message.bytes': '100000' }
    const topic = (name: string, settings = {}) =>
      createTopicNamed(name, { brokers: kafka.brokers, partitions: 2, config: settings })
    await topic('webhooks.github', { 'max.message.bytes': '2000000' })
    await topic('webhooks.small', config)
    await topic('webhooks.stuck', { 'min.insync.replicas': '2', 'max.message.bytes': '2000000' })
  })
  afterAll(() => kafka[Symbol.asyncDispose]())

  test('a topic that we may publish to and not look into', async () => {
    const topic = 'webhooks.sealed'
    const { brokers } = kafka
    await createTopicNamed(topic, { brokers, partitions: 1 })
    await grantOnTopic(topic, { brokers, user: USERNAME, operation: AclOperationTypes.WRITE })
    const env = towards(kafka.login, withTls({ ...scram, INLET_TOPIC_GITHUB: topic }))

    const line = await lineOf(env, /settings cannot be read/)
    expect(line).toStartWith('warn  topic webhooks.sealed')
    expect(line).toEndWith('grant DescribeConfigs on it to this client')
  })

  function towards(brokers: string, more: Env = {}): Env {
    return { ...healthy(), INLET_SINK: 'kafka', KAFKA_BROKERS: brokers, ...more }
  }

  /** The login of everybody here, over TLS. */
  function withTls(more: Env = {}): Env {
    return { KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: kafka.authority.cert, ...more }
  }

  const scram = {
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: USERNAME,
    KAFKA_SASL_PASSWORD: PASSWORD,
  }

  test('all is well, over TLS and with a login', async () => {
    const { code, lines } = await examine(towards(kafka.login, withTls(scram)))

    expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([])
    expect(code).toBe(0)
    const answer = lines.find((line) => line.includes(`broker ${kafka.login} answers`))
    expect(answer).toContain('(TLS, scram-sha-512)')
  })

  test('a login over TLS that the listener does not want, and the other way round', async () => {
    const line = (env: Env) => lineOf(env, /does not answer/)

    expect(await line(towards(kafka.tls))).toContain('set KAFKA_SSL=true')
    expect(await line(towards(kafka.login, withTls()))).toContain('KAFKA_SASL_MECHANISM')
    expect(await line(towards(kafka.brokers, withTls()))).toContain('set KAFKA_SSL=false')
    expect(await line(towards(kafka.tls, withTls(scram)))).toContain('unset KAFKA_SASL_MECHANISM')
  })

  test('a broker whose certificate proves nothing to us, and ours nothing to it', async () => {
    const stranger = { KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: strangerIn(directory.path) }
    const localhost = `localhost:${kafka.tls.split(':')[1]}`
    const line = (env: Env) => lineOf(env, /^FAIL  broker/)

    expect(await line(towards(kafka.tls, stranger))).toContain('set KAFKA_SSL_CA_FILE to')
    expect(await line(towards(localhost, withTls()))).toContain('use the host name that stands in')
    expect(await line(towards(kafka.mutualTls, withTls()))).toContain('set KAFKA_SSL_CERT_FILE')
  })

  test('a wrong password, and a token that has expired', async () => {
    const wrong = withTls({ ...scram, KAFKA_SASL_PASSWORD: 'wrong-password' })
    const refused = await lineOf(towards(kafka.login, wrong), /^FAIL  broker/)
    expect(refused).toContain('correct KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD')
    expect(refused).not.toContain('wrong-password')

    const nowSeconds = Math.floor(systemClock.now() / 1000)
    const token = unsignedToken(nowSeconds - 7200, nowSeconds - 3600)
    await using endpoint = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => Response.json({ access_token: token, expires_in: 3600 }),
    })
    const oauth = withTls({
      KAFKA_SASL_MECHANISM: 'oauthbearer',
      KAFKA_SASL_OAUTH_TOKEN_URL: String(endpoint.url),
      KAFKA_SASL_OAUTH_CLIENT_ID: 'inlet',
      KAFKA_SASL_OAUTH_CLIENT_SECRET: 'made-up',
    })
    expect(await lineOf(towards(kafka.login, oauth), /^FAIL  broker/)).toContain(
      'the broker refuses the token',
    )
  })

  test('topics that are missing, take no large body, or take nothing at all', async () => {
    const sources = {
      INLET_SOURCES: 'missing=github,small=github,stuck=github',
      INLET_SECRET_MISSING: 'made-up-secret',
      INLET_SECRET_SMALL: 'made-up-secret',
      INLET_SECRET_STUCK: 'made-up-secret',
      INLET_EVENTS_TOKEN_BILLING: 'made-up-token-of-billing',
    }
    const { INLET_SECRET_GITHUB: _, ...env } = towards(kafka.brokers)
    const { code, lines } = await examine({ ...env, ...sources })
    const text = lines.join('\n')

    expect(code).toBe(1)
    expect(text).toMatch(/FAIL  topic webhooks.missing does not.*--create --topic webhooks.missing/)
    expect(text).toMatch(/FAIL  topic events.billing does not exist/)
    expect(text).toMatch(/warn  topic webhooks.small: max.message.bytes is 100000.*=1052672/)
    expect(text).toMatch(/FAIL  topic webhooks.stuck: min.insync.replicas is 2.*to 1/)
  })
})

describeWithRedis('inlet doctor, with a Redis', (url) => {
  test('says how fast it answers', async () => {
    const env = { ...healthy(), REDIS_URL: url, INLET_NODE: 'one' }
    const { code, lines } = await examine(env)

    expect(code).toBe(0)
    expect(lines.join('\n')).toMatch(/ok {4}Redis \d+\.\d+\S* answers in [\d.]+ ms/)
  })

  test('asks one behind HTTPS too, and says that its token is wrong', async () => {
    await using facade = await startUpstashFacade(url)
    const account = {
      UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${facade.port}`,
      UPSTASH_REDIS_REST_TOKEN: facade.token,
      INLET_NODE: 'one',
    }
    expect(await lineOf({ ...healthy(), ...account }, /Redis.*answer/)).toStartWith('ok    Redis')
    const wrong = { ...account, UPSTASH_REDIS_REST_TOKEN: 'wrong-token' }
    const line = await lineOf({ ...healthy(), ...wrong }, /Redis.*answer/)
    expect(line).toStartWith('FAIL  Redis does not answer')
    expect(line).not.toContain('wrong-token')
  })
})

// What the servers at hand cannot be made to say.
describe('a check of the doctor', () => {
  test('says what of the newest bodies is damaged, the first five by name', () => {
    const one = (seq: number, isIdList = false) => ({ first: seq, last: seq, isIdList })
    const many = [9, 7, 5, 3].map((seq) => one(seq))
    const damaged = [{ first: 20, last: 29, isIdList: false }, ...many, one(1), one(11, true)]
    const facts = { events: 30, bytes: 64e6, isAll: false }
    expect(checkBodies({ ...facts, damaged: [] })).toMatchObject([
      {
        what: expect.stringContaining('the newest 30 events (64 MB on disk; --full looks at all)'),
      },
    ])
    const [bodies, lists] = checkBodies({ ...facts, damaged })
    expect(bodies).toMatchObject({ level: 'FAIL' })
    expect(bodies?.what).toEndWith('some are damaged: 20 to 29, 9, 7, 5, 3, and 1 more')
    expect(lists?.what).toEndWith('some that list what consumers have processed are damaged: 11')
  })

  const next = (findings: readonly object[]) => JSON.stringify(findings)

  test('sees a Redis that is too old, far away, or has another time', async () => {
    const facts = { version: '6.2.14', skewMs: 90_000, slowestMs: 100 }

    expect(await checkRedis(() => Promise.resolve(facts))).toMatchObject([
      { level: 'FAIL', what: 'Redis is 6.2.14' },
      { level: 'warn', what: expect.stringContaining('100 ms') },
      { level: 'FAIL', what: 'this clock is 90 s behind that of Redis' },
    ])
  })

  test('sees a clock that jumps, and one that was never set', () => {
    const clock = manualClock()
    let stepMs = 0
    const findings = watchClocks({ ...clock, now: () => clock.now() + stepMs })
    clock.advance(1_000)
    expect(findings()).toMatchObject([{ level: 'ok' }])
    stepMs = -60_000
    expect(findings()).toMatchObject([{ level: 'FAIL' }])
    stepMs = 60_000
    expect(findings()).toMatchObject([{ level: 'warn' }])
  })

  test('sees certificates that expire, and a login in clear', () => {
    const ca = readFileSync(makeAuthority(directory.path, 'short').cert, 'utf8')
    const DAY_MS = 86_400_000
    expect(checkSecurity({ tls: { ca } }, systemClock.now())).toMatchObject([{ level: 'warn' }])
    expect(checkSecurity({ tls: { ca } }, systemClock.now() + 3 * DAY_MS)).toMatchObject([
      { level: 'FAIL', next: 'renew it' },
    ])
    const sasl = { mechanism: 'scram-sha-512', username: 'a', password: 's3cret' } as const
    const findings = checkSecurity({ sasl }, systemClock.now())
    expect(findings).toMatchObject([{ level: 'warn', next: expect.stringContaining('KAFKA_SSL') }])
    expect(next(findings)).not.toContain('s3cret')
  })

  test('sees a topic that takes every body, but no whole batch', () => {
    const facts = { name: 't', partitions: 1, replicas: 3, inSyncReplicas: 3, minInSyncReplicas: 2 }
    const wanted = { names: ['t'], broker: 'b:9092', bodyBytesMax: 10_000, clusterSize: 3 }

    expect(checkTopics(wanted, [{ ...facts, maxMessageBytes: 500_000 }])).toMatchObject([
      { level: 'warn', what: expect.stringContaining('less than one batch') },
    ])
  })

  test('sees replicas that are missing, or not asked for', () => {
    const topic = { name: 't', partitions: 1, replicas: 3, maxMessageBytes: 2_000_000 }
    const wanted = { names: ['t'], broker: 'b:9092', bodyBytesMax: 1_000_000, clusterSize: 3 }
    const check = (inSyncReplicas: number, minInSyncReplicas: number) =>
      checkTopics(wanted, [{ ...topic, inSyncReplicas, minInSyncReplicas }])

    expect(check(3, 2)).toMatchObject([{ level: 'ok' }])
    expect(check(1, 2)).toMatchObject([{ level: 'FAIL' }])
    expect(check(3, 1)).toMatchObject([{ level: 'warn' }])
  })
})
