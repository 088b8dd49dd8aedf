import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseConfig } from '../../src/settings/config.ts'
import { makeAuthority, type Certificate } from '../support/certificates.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

const BROKERS = { KAFKA_BROKERS: 'kafka.example.com:9093' }
const TLS = { ...BROKERS, KAFKA_SSL: 'true' }

let directory: TempDir
let one: Certificate
let other: Certificate
beforeAll(async () => {
  directory = await makeTempDir()
  one = makeAuthority(directory.path, 'one')
  other = makeAuthority(directory.path, 'other')
})
afterAll(() => directory[Symbol.asyncDispose]())

function parse(env: Readonly<Record<string, string>>) {
  const result = parseConfig(env)
  return result.ok ? result.config.kafkaSecurity : result.problems
}

describe('readKafkaSecurity', () => {
  test('without its variables there is neither TLS nor a login', () => {
    expect(parse(BROKERS)).toEqual({})
  })

  test('reads certificates, and a password from its file', async () => {
    const path = join(directory.path, 'password')
    writeFileSync(path, 'made-up\n')
    const read = (file: string) => Bun.file(file).text()

    expect(
      parse({
        ...TLS,
        KAFKA_SSL_CA_FILE: other.cert,
        KAFKA_SSL_CERT_FILE: one.cert,
        KAFKA_SSL_KEY_FILE: one.key,
        KAFKA_SASL_MECHANISM: 'scram-sha-512',
        KAFKA_SASL_USERNAME: 'inlet',
        KAFKA_SASL_PASSWORD_FILE: path,
      }),
    ).toEqual({
      tls: {
        ca: await read(other.cert),
        client: { cert: await read(one.cert), key: await read(one.key) },
      },
      sasl: { mechanism: 'scram-sha-512', username: 'inlet', password: 'made-up' },
    })
  })

  test('refuses files without TLS, half a pair, a foreign key, and what is no PEM', () => {
    const missing = join(directory.path, 'missing.pem')
    const cert = { KAFKA_SSL_CERT_FILE: one.cert }

    expect(parse({ ...BROKERS, KAFKA_SSL_CA_FILE: one.cert })).toEqual([
      'KAFKA_SSL_CA_FILE needs KAFKA_SSL=true',
    ])
    expect(parse({ ...TLS, ...cert })).toEqual([
      'KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE go together: one is missing',
    ])
    expect(parse({ ...TLS, ...cert, KAFKA_SSL_KEY_FILE: other.key })).toEqual([
      'KAFKA_SSL_KEY_FILE is not the key of the certificate in KAFKA_SSL_CERT_FILE',
    ])
    expect(
      parse({ ...TLS, ...cert, KAFKA_SSL_CA_FILE: missing, KAFKA_SSL_KEY_FILE: one.cert }),
    ).toEqual([
      expect.stringMatching(/^KAFKA_SSL_CA_FILE: ENOENT.*missing\.pem/),
      `KAFKA_SSL_KEY_FILE: ${one.cert} does not hold an unencrypted PEM private key`,
    ])
  })

  test('refuses a login that lacks something, has something of another, or both ways', () => {
    const scram = { ...TLS, KAFKA_SASL_MECHANISM: 'scram-sha-256' }

    expect(parse({ ...TLS, KAFKA_SASL_USERNAME: 'inlet' })).toEqual([
      'KAFKA_SASL_USERNAME needs KAFKA_SASL_MECHANISM=plain, scram-sha-256 or scram-sha-512',
    ])
    expect(parse(scram)).toEqual([
      'KAFKA_SASL_USERNAME is required by scram-sha-256',
      'KAFKA_SASL_PASSWORD (or KAFKA_SASL_PASSWORD_FILE) is required',
    ])
    expect(
      parse({
        ...scram,
        KAFKA_SASL_USERNAME: 'inlet',
        KAFKA_SASL_PASSWORD: 'made-up',
        KAFKA_SASL_PASSWORD_FILE: 'x',
        KAFKA_SASL_OAUTH_SCOPE: 'kafka',
      }),
    ).toEqual([
      'KAFKA_SASL_OAUTH_SCOPE needs KAFKA_SASL_MECHANISM=oauthbearer',
      'KAFKA_SASL_PASSWORD and KAFKA_SASL_PASSWORD_FILE exclude each other: set one',
    ])
    expect(parse({ ...TLS, KAFKA_SASL_MECHANISM: 'aws-msk-iam' })).toEqual([
      'AWS_REGION is required by aws-msk-iam',
      'AWS_ACCESS_KEY_ID is required by aws-msk-iam',
      'AWS_SECRET_ACCESS_KEY is required by aws-msk-iam',
    ])
  })

  test('refuses to show credentials to a network, and names no secret', () => {
    const plain = {
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: 'inlet',
      KAFKA_SASL_PASSWORD: 'hunter2',
    }
    const oauth = {
      ...TLS,
      KAFKA_SASL_MECHANISM: 'oauthbearer',
      KAFKA_SASL_OAUTH_TOKEN_URL: 'http://login.example.com/token',
      KAFKA_SASL_OAUTH_CLIENT_ID: 'inlet',
      KAFKA_SASL_OAUTH_CLIENT_SECRET: 'hunter2',
    }
    const problems = [parse({ ...BROKERS, ...plain }), parse(oauth)]

    expect(problems).toEqual([
      ['KAFKA_SASL_MECHANISM=plain shows the credentials to the network: set KAFKA_SSL=true'],
      ['KAFKA_SASL_OAUTH_TOKEN_URL must be https'],
    ])
    expect(parse({ ...plain, KAFKA_BROKERS: '127.0.0.1:9092,[::1]:9092' })).toHaveProperty('sasl')
    expect(parse({ ...BROKERS, ...plain, KAFKA_SASL_MECHANISM: 'scram-sha-512' })).toHaveProperty(
      'sasl',
    )
  })
})
