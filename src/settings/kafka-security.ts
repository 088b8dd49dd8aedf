/** How brokers are spoken to: KAFKA_SSL* and KAFKA_SASL_*, read and proved at start. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { messageOf } from '../faults/faults.ts'
import { isLoopback } from '../loopback.ts'

const MECHANISMS = [
  'plain',
  'scram-sha-256',
  'scram-sha-512',
  'oauthbearer',
  'aws-msk-iam',
] as const

/** The variables; part of SETTINGS in config.ts. */
export const KAFKA_SECURITY_SETTINGS = {
  KAFKA_SSL: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .default(false)
    .describe('Whether brokers are spoken to over TLS. Their certificates are always verified.'),
  KAFKA_SSL_CA_FILE: z
    .string()
    .optional()
    .describe('PEM of the CAs that sign the brokers’ certificates. Default: the public ones.'),
  KAFKA_SSL_CERT_FILE: z
    .string()
    .optional()
    .describe('PEM of this client’s certificate, where brokers ask for one.'),
  KAFKA_SSL_KEY_FILE: z.string().optional().describe('PEM of its private key, unencrypted.'),
  KAFKA_SASL_MECHANISM: z
    .enum(MECHANISMS)
    .optional()
    .describe(`How this client logs in: ${MECHANISMS.map((name) => `\`${name}\``).join(', ')}.`),
  KAFKA_SASL_USERNAME: z.string().optional().describe('User name, for plain and scram.'),
  KAFKA_SASL_PASSWORD: z.string().optional().describe('Password, for plain and scram.'),
  KAFKA_SASL_PASSWORD_FILE: z.string().optional().describe('File that holds it, instead.'),
  KAFKA_SASL_OAUTH_TOKEN_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .optional()
    .describe('Token endpoint for oauthbearer, asked with client credentials.'),
  KAFKA_SASL_OAUTH_CLIENT_ID: z.string().optional().describe('Client id for it.'),
  KAFKA_SASL_OAUTH_CLIENT_SECRET: z.string().optional().describe('Client secret for it.'),
  KAFKA_SASL_OAUTH_SCOPE: z.string().optional().describe('Scope that it is asked for.'),
  AWS_REGION: z.string().optional().describe('Region of the cluster, for aws-msk-iam.'),
  AWS_ACCESS_KEY_ID: z.string().optional().describe('Access key, for aws-msk-iam.'),
  AWS_SECRET_ACCESS_KEY: z.string().optional().describe('Its secret.'),
  AWS_SESSION_TOKEN: z.string().optional().describe('Session token, where the key is temporary.'),
} as const

/** TLS towards the brokers, each part as PEM. */
export interface KafkaTls {
  /** Undefined: the public certificate authorities. */
  readonly ca?: string
  readonly client?: { readonly cert: string; readonly key: string }
}

interface PasswordLogin<Mechanism extends string> {
  readonly mechanism: Mechanism
  readonly username: string
  readonly password: string
}

/** How the client proves who it is. */
export type KafkaSasl =
  | PasswordLogin<'plain'>
  | PasswordLogin<'scram-sha-256'>
  | PasswordLogin<'scram-sha-512'>
  | {
      readonly mechanism: 'oauthbearer'
      readonly tokenUrl: string
      readonly clientId: string
      readonly clientSecret: string
      readonly scope: string | undefined
    }
  | {
      readonly mechanism: 'aws-msk-iam'
      readonly region: string
      readonly accessKeyId: string
      readonly secretAccessKey: string
      readonly sessionToken: string | undefined
    }

/** Plain data, so that it can be handed to a thread. Undefined: without TLS, without a login. */
export interface KafkaSecurity {
  readonly tls?: KafkaTls
  readonly sasl?: KafkaSasl
}

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Reads the variables and the files that they name. What cannot work is added to `problems`, by the
 * name of the variable, with the path of a file and never with a secret.
 */
export function readKafkaSecurity(
  env: Variables,
  brokers: readonly string[],
  problems: string[],
): KafkaSecurity {
  const usesTls = env['KAFKA_SSL'] === 'true'
  const tls = readTls(env, usesTls, problems)
  const sasl = readSasl(env, problems)
  if (sasl !== undefined && !usesTls && !sasl.mechanism.startsWith('scram') && !allLocal(brokers)) {
    problems.push(
      `KAFKA_SASL_MECHANISM=${sasl.mechanism} shows the credentials to the network: set KAFKA_SSL=true`,
    )
  }
  return {
    ...(usesTls && tls !== undefined ? { tls } : {}),
    ...(sasl === undefined ? {} : { sasl }),
  }
}

function allLocal(brokers: readonly string[]): boolean {
  return brokers.every((broker) =>
    isLoopback(broker.replace(/:\d+$/, '').replaceAll(/^\[|\]$/g, '')),
  )
}

function readTls(env: Variables, usesTls: boolean, problems: string[]): KafkaTls | undefined {
  const names = ['KAFKA_SSL_CA_FILE', 'KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE']
  const before = problems.length
  if (!usesTls) {
    for (const name of names) {
      if (env[name] !== undefined) problems.push(`${name} needs KAFKA_SSL=true`)
    }
    return undefined
  }
  const ca = readFile(env, 'KAFKA_SSL_CA_FILE', problems, (pem) => new X509Certificate(pem))
  const cert = readFile(env, 'KAFKA_SSL_CERT_FILE', problems, (pem) => new X509Certificate(pem))
  const key = readFile(env, 'KAFKA_SSL_KEY_FILE', problems, (pem) => createPrivateKey(pem))
  if (problems.length > before) return undefined
  if ((cert === undefined) !== (key === undefined)) {
    problems.push('KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE go together: one is missing')
    return undefined
  }
  const pair = cert !== undefined && key !== undefined ? { cert, key } : undefined
  if (pair !== undefined && !belongTogether(pair)) {
    problems.push('KAFKA_SSL_KEY_FILE is not the key of the certificate in KAFKA_SSL_CERT_FILE')
  }
  return { ...(ca === undefined ? {} : { ca }), ...(pair === undefined ? {} : { client: pair }) }
}

function belongTogether({ cert, key }: { readonly cert: string; readonly key: string }): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
}

/** The text of a PEM file, if it is there and `parse` takes it. */
function readFile(
  env: Variables,
  name: string,
  problems: string[],
  parse: (text: string) => unknown,
): string | undefined {
  const path = env[name]
  if (path === undefined) return undefined
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    problems.push(`${name}: ${messageOf(error)}`) // it names the path
    return undefined
  }
  try {
    parse(text)
    return text
  } catch {
    // What a parser says may repeat what it read.
    const what = name === 'KAFKA_SSL_KEY_FILE' ? 'an unencrypted PEM private key' : 'PEM'
    problems.push(`${name}: ${path} does not hold ${what}`)
    return undefined
  }
}

/** Which variables belong to a mechanism: the others refuse the start rather than be ignored. */
const PASSWORD_LOGIN = ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD', 'KAFKA_SASL_PASSWORD_FILE']
const OAUTH = [
  'KAFKA_SASL_OAUTH_TOKEN_URL',
  'KAFKA_SASL_OAUTH_CLIENT_ID',
  'KAFKA_SASL_OAUTH_CLIENT_SECRET',
  'KAFKA_SASL_OAUTH_SCOPE',
]

function readSasl(env: Variables, problems: string[]): KafkaSasl | undefined {
  const mechanism = MECHANISMS.find((each) => each === env['KAFKA_SASL_MECHANISM'])
  const isPassword = mechanism === 'plain' || mechanism?.startsWith('scram') === true
  refuseStrays(
    env,
    isPassword ? [] : PASSWORD_LOGIN,
    'plain, scram-sha-256 or scram-sha-512',
    problems,
  )
  refuseStrays(env, mechanism === 'oauthbearer' ? [] : OAUTH, 'oauthbearer', problems)
  const before = problems.length
  function required(name: string): string {
    const value = env[name]
    if (value === undefined) problems.push(`${name} is required by ${mechanism}`)
    return value ?? ''
  }
  let sasl: KafkaSasl | undefined
  if (mechanism === 'oauthbearer') {
    sasl = {
      mechanism,
      tokenUrl: required('KAFKA_SASL_OAUTH_TOKEN_URL'),
      clientId: required('KAFKA_SASL_OAUTH_CLIENT_ID'),
      clientSecret: required('KAFKA_SASL_OAUTH_CLIENT_SECRET'),
      scope: env['KAFKA_SASL_OAUTH_SCOPE'],
    }
    if (showsSecret(sasl.tokenUrl)) problems.push('KAFKA_SASL_OAUTH_TOKEN_URL must be https')
  } else if (mechanism === 'aws-msk-iam') {
    sasl = {
      mechanism,
      region: required('AWS_REGION'),
      accessKeyId: required('AWS_ACCESS_KEY_ID'),
      secretAccessKey: required('AWS_SECRET_ACCESS_KEY'),
      sessionToken: env['AWS_SESSION_TOKEN'],
    }
  } else if (mechanism !== undefined) {
    const username = required('KAFKA_SASL_USERNAME')
    sasl = { mechanism, username, password: readPassword(env, problems) }
  }
  return problems.length > before ? undefined : sasl
}

function refuseStrays(
  env: Variables,
  names: readonly string[],
  mechanism: string,
  problems: string[],
): void {
  for (const name of names) {
    if (env[name] !== undefined) problems.push(`${name} needs KAFKA_SASL_MECHANISM=${mechanism}`)
  }
}

function readPassword(env: Variables, problems: string[]): string {
  const password = env['KAFKA_SASL_PASSWORD']
  const path = env['KAFKA_SASL_PASSWORD_FILE']
  if ((password === undefined) === (path === undefined)) {
    problems.push(
      password === undefined
        ? 'KAFKA_SASL_PASSWORD (or KAFKA_SASL_PASSWORD_FILE) is required'
        : 'KAFKA_SASL_PASSWORD and KAFKA_SASL_PASSWORD_FILE exclude each other: set one',
    )
  }
  if (password !== undefined || path === undefined) return password ?? ''
  try {
    const text = readFileSync(path, 'utf8').trim()
    if (text === '') problems.push(`KAFKA_SASL_PASSWORD_FILE: ${path} is empty`)
    return text
  } catch (error) {
    problems.push(`KAFKA_SASL_PASSWORD_FILE: ${messageOf(error)}`)
    return ''
  }
}

function showsSecret(url: string): boolean {
  const parsed = URL.parse(url)
  return parsed?.protocol === 'http:' && !isLoopback(parsed.hostname.replaceAll(/^\[|\]$/g, ''))
}
