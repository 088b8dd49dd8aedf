import { X509Certificate } from 'node:crypto'
import type { EpochMs } from '../clock.ts'
import type { KafkaSecurity } from '../settings/kafka-security.ts'
import { fail, warn, type Finding } from './finding.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** Time to renew a certificate by hand. */
const EXPIRY_WARN_DAYS = 14

/** Looks at what of the security towards Kafka can be judged without a broker. */
export function checkSecurity({ tls, sasl }: KafkaSecurity, now: EpochMs): Finding[] {
  const findings: Finding[] = []
  if (tls?.ca !== undefined) findings.push(...checkExpiry('KAFKA_SSL_CA_FILE', tls.ca, now))
  if (tls?.client !== undefined) {
    findings.push(...checkExpiry('KAFKA_SSL_CERT_FILE', tls.client.cert, now))
  }
  if (sasl !== undefined && tls === undefined) {
    findings.push(
      warn(
        `records, and what ${sasl.mechanism} exchanges, cross the network in clear`,
        'set KAFKA_SSL=true, and KAFKA_BROKERS to a listener with SASL_SSL',
      ),
    )
  }
  return findings
}

function checkExpiry(variable: string, pem: string, now: EpochMs): Finding[] {
  const { validTo } = new X509Certificate(pem)
  const days = Math.floor((Date.parse(validTo) - now) / DAY_MS)
  if (days < 0) return [fail(`the certificate in ${variable} expired on ${validTo}`, 'renew it')]
  if (days >= EXPIRY_WARN_DAYS) return []
  return [warn(`the certificate in ${variable} expires in ${days} days`, 'renew it')]
}
