/** How connections to brokers are made: TLS, and the login that kafkajs performs on them. */
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { KafkaConfig } from 'kafkajs'
import type { Clock } from '../clock.ts'
import type { KafkaSasl, KafkaSecurity, KafkaTls } from '../settings/kafka-security.ts'
import { toHost } from './address.ts'
import { bearerMechanism } from './bearer.ts'
import { mskIamToken } from './msk-iam.ts'
import { clientCredentials, openTokens } from './tokens.ts'

/** Idle connections are probed, so that a broker that vanished is noticed before the next send. */
const KEEP_ALIVE_MS = 60_000

/** kafkajs would create sockets by itself, but whoever gives up a producer must hold them. */
export interface Security {
  /** Opens a connection; calls back once it can be written to, TLS included. */
  connect(to: {
    readonly host: string
    readonly port: number
    readonly onConnect: () => void
  }): Socket
  /** For kafkajs; undefined where nobody logs in. */
  readonly sasl: KafkaConfig['sasl'] | undefined
}

export function openSecurity({ tls, sasl }: KafkaSecurity, clock: Clock): Security {
  return {
    connect({ host, port, onConnect }) {
      const to = { host: toHost(host), port }
      const socket = tls === undefined ? connectPlain(to, onConnect) : secure(tls, to, onConnect)
      socket.setNoDelay(true) // kafkajs leaves Nagle on, but a send is one request and waits
      socket.setKeepAlive(true, KEEP_ALIVE_MS)
      return socket
    },
    sasl: sasl === undefined ? undefined : login(sasl, clock),
  }
}

function secure(
  { ca, client }: KafkaTls,
  to: { readonly host: string; readonly port: number },
  onConnect: () => void,
): Socket {
  return connectTls(
    {
      ...to,
      // An IP address is no server name (RFC 6066); the certificate is compared with the host.
      ...(isIP(to.host) === 0 ? { servername: to.host } : {}),
      ...(ca === undefined ? {} : { ca }),
      ...client,
      // Said out loud: without it NODE_TLS_REJECT_UNAUTHORIZED=0 would turn the check off.
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    },
    onConnect,
  )
}

function login(sasl: KafkaSasl, clock: Clock): KafkaConfig['sasl'] {
  if (sasl.mechanism === 'oauthbearer') {
    return bearerMechanism(openTokens((signal) => clientCredentials(sasl, signal), clock))
  }
  if (sasl.mechanism === 'aws-msk-iam') {
    return bearerMechanism(openTokens(() => mskIamToken(sasl, clock.now()), clock))
  }
  return { ...sasl } // kafkajs keeps its own state in it
}
