import { networkInterfaces } from 'node:os'
import { bundle, issue, makeAuthority, type Certificate } from './certificates.ts'
import { startKafka, type KafkaServer } from './kafka-server.ts'
import { findFreePort } from './server-process.ts'

/** Who may log in, with every mechanism that takes a password. */
export const USERNAME = 'inlet'
export const PASSWORD = 'made-up-password'

const PROTOCOLS = {
  PLAINTEXT: 'PLAINTEXT',
  CONTROLLER: 'PLAINTEXT',
  TLS: 'SSL',
  MUTUAL: 'SSL',
  LOGIN: 'SASL_SSL',
  CLEAR: 'SASL_PLAINTEXT',
  SIX: 'PLAINTEXT',
} as const

/** One real Kafka with a door of each kind. `brokers` stays the one without security. */
export interface SecuredKafka extends KafkaServer {
  /** TLS, without a login. */
  readonly tls: string
  /** TLS, and the client shows a certificate. */
  readonly mutualTls: string
  /** TLS, and a login with PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER. */
  readonly login: string
  /** The same logins, in clear. */
  readonly clearLogin: string
  /** Without security, at an IPv6 address; undefined where this machine has none. */
  readonly ipv6: string | undefined
  /** Signs the brokers' certificates and those of clients. */
  readonly authority: Certificate
  readonly client: Certificate
}

/**
 * Starts it; certificates go to `folder`. The brokers' is for 127.0.0.1 and not for `localhost`.
 * OAUTHBEARER takes unsigned tokens (see `unsignedToken`) until they expire.
 */
export async function startSecuredKafka(folder: string): Promise<SecuredKafka> {
  const authority = makeAuthority(folder, 'authority')
  const broker = issue(authority, folder, 'broker', 'IP:127.0.0.1')
  const client = issue(authority, folder, 'client', 'DNS:inlet.test')
  const at = {
    tls: `127.0.0.1:${findFreePort()}`,
    mutualTls: `127.0.0.1:${findFreePort()}`,
    login: `127.0.0.1:${findFreePort()}`,
    clearLogin: `127.0.0.1:${findFreePort()}`,
    ipv6: hasIpv6() ? `[::1]:${findFreePort()}` : undefined,
  }
  const credentials = `[name=${USERNAME},iterations=4096,password="${PASSWORD}"]`
  const kafka = await startKafka({
    listeners: {
      TLS: `//${at.tls}`,
      MUTUAL: `//${at.mutualTls}`,
      LOGIN: `//${at.login}`,
      CLEAR: `//${at.clearLogin}`,
      ...(at.ipv6 === undefined ? {} : { SIX: `//${at.ipv6}` }),
    },
    formatArguments: [
      '--add-scram',
      `SCRAM-SHA-256=${credentials}`,
      '--add-scram',
      `SCRAM-SHA-512=${credentials}`,
    ],
    config: {
      'listener.security.protocol.map': Object.entries(PROTOCOLS)
        .map(([name, protocol]) => `${name}:${protocol}`)
        .join(','),
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': bundle(broker),
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': authority.cert,
      'listener.name.mutual.ssl.client.auth': 'required',
      // Who has no rule is let in; `grantOnTopic` makes rules.
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'true',
      'super.users': 'User:ANONYMOUS',
      ...logins('login'),
      ...logins('clear'),
      // kafkajs logs in again 10 s before the end, so after 1.5 s; Kafka takes none within 1 s.
      'listener.name.clear.oauthbearer.connections.max.reauth.ms': '11500',
    },
  })
  return Object.assign(kafka, at, { authority, client })
}

function hasIpv6(): boolean {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return all.some(({ address }) => address === '::1')
}

function logins(listener: string): Record<string, string> {
  const modules = {
    plain: `plain.PlainLoginModule required user_${USERNAME}="${PASSWORD}"`,
    'scram-sha-256': 'scram.ScramLoginModule required',
    'scram-sha-512': 'scram.ScramLoginModule required',
    oauthbearer: 'oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="me"',
  }
  const name = `listener.name.${listener}`
  const lines: Record<string, string> = {
    [`${name}.sasl.enabled.mechanisms`]: Object.keys(modules).join(',').toUpperCase(),
  }
  for (const [mechanism, module] of Object.entries(modules)) {
    lines[`${name}.${mechanism}.sasl.jaas.config`] = `org.apache.kafka.common.security.${module};`
  }
  return lines
}

/** A token as the broker above takes it, from `validFrom` to `expires`, in seconds since 1970. */
export function unsignedToken(validFrom: number, expires: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ sub: USERNAME, iat: validFrom, exp: expires })}.`
}

/** A PEM authority that signed nothing here. */
export function strangerIn(folder: string): string {
  return makeAuthority(folder, 'stranger').cert
}
