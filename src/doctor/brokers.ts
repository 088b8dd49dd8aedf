import type { KafkaSecurity } from '../settings/kafka-security.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** What one broker says when it is asked, security handshake included. */
export interface Reached {
  /** Connecting, TLS, login and one question together. */
  readonly elapsedMs: number
  /** Every broker of its cluster, by the addresses that clients are told to use. */
  readonly advertised: readonly string[]
}

/** Asks a broker. Rejects with an error whose `detail` says why it did not answer. */
export type Reach = (broker: string) => Promise<Reached>

export interface BrokerFindings {
  readonly findings: readonly Finding[]
  /** One of KAFKA_BROKERS that answers; undefined where none does. */
  readonly answering: string | undefined
  /** Brokers of the cluster; 0 where none answers. */
  readonly clusterSize: number
}

/** Asks every broker of KAFKA_BROKERS, then those that they name besides. */
export async function checkBrokers(
  brokers: readonly string[],
  security: KafkaSecurity,
  reach: Reach,
): Promise<BrokerFindings> {
  const findings: Finding[] = []
  const advertised = new Set<string>()
  let answering: string | undefined
  for (const broker of brokers) {
    const { finding, reached } = await ask(broker, `broker ${broker}`, security, reach)
    findings.push(finding)
    if (reached !== undefined) answering ??= broker
    for (const each of reached?.advertised ?? []) advertised.add(each)
  }
  for (const broker of [...advertised].filter((each) => !brokers.includes(each))) {
    const name = `broker ${broker}, which the cluster advertises,`
    findings.push((await ask(broker, name, security, reach)).finding)
  }
  if (brokers.length === 1 && advertised.size > 1) {
    findings.push(
      warn(
        `KAFKA_BROKERS names one of ${advertised.size} brokers: without it nothing can start`,
        'name two or three of them',
      ),
    )
  }
  return { findings, answering, clusterSize: advertised.size }
}

async function ask(broker: string, name: string, security: KafkaSecurity, reach: Reach) {
  try {
    const reached = await reach(broker)
    const tls = security.tls === undefined ? 'no TLS' : 'TLS'
    const how = `${tls}, ${security.sasl?.mechanism ?? 'no login'}`
    const finding = ok(`${name} answers in ${Math.round(reached.elapsedMs)} ms (${how})`)
    return { finding, reached }
  } catch (error) {
    const detail =
      error instanceof Error && 'detail' in error ? String(error.detail) : String(error)
    return { finding: fail(`${name} does not answer: ${detail}`, nextFor(detail, security)) }
  }
}

/** What kafkajs, TLS and Kafka 4.3 say, and what to look at then. The first that matches counts. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/ENOTFOUND|EAI_AGAIN|DNS/, 'correct the host name in KAFKA_BROKERS, or the DNS'],
  [/ECONNREFUSED/, 'start the broker, or correct the port in KAFKA_BROKERS'],
  [
    /altnames/,
    'use the host name that stands in the broker’s certificate, in KAFKA_BROKERS and advertised.listeners',
  ],
  [/expired/i, 'renew the certificate'],
  [
    /verify|self.signed|issuer|UNKNOWN_CA/i,
    'set KAFKA_SSL_CA_FILE to the CA that signed the broker’s certificate',
  ],
  [
    /BAD_CERTIFICATE|CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/,
    'set KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE to a certificate that the broker trusts',
  ],
  [
    /OAUTHBEARER authentication/,
    'the broker refuses the token: compare issuer, audience and scope',
  ],
  [/no login token/, 'correct the KAFKA_SASL_OAUTH_ variables: the endpoint gives no token'],
  [/authentication failed/, 'correct KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD'],
  [
    /not supported by the server|SASL mechanism/i,
    'set KAFKA_SASL_MECHANISM to one that the listener has',
  ],
  [
    /current SASL state/,
    'this listener has no login: unset KAFKA_SASL_MECHANISM, or use another port',
  ],
  [
    /before secure TLS|WRONG_VERSION_NUMBER/,
    'this listener has no TLS: set KAFKA_SSL=false, or use another port',
  ],
  [
    /Closed connection|socket disconnected|ECONNRESET/,
    'this listener probably wants TLS or a login: set KAFKA_SSL=true and KAFKA_SASL_MECHANISM as it has them',
  ],
]

function nextFor(detail: string, security: KafkaSecurity): string {
  const known = CAUSES.find(([pattern]) => pattern.test(detail))?.[1]
  if (known !== undefined) return known
  const isPlain = security.tls === undefined && security.sasl === undefined
  const also = isPlain ? '; a listener with TLS or a login does not answer either' : ''
  return `look at firewalls and at the broker’s log${also}`
}
