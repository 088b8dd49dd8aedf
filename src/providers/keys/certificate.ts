import { X509Certificate } from 'node:crypto'
import type { KeyPlace, KeySet } from '../../key-place.ts'
import { CERTIFICATES_PER_CHAIN_MAX, RSA_BITS_MIN } from '../../limits/limits.ts'

export interface CertificatePlace {
  /** From the delivery: the caller has looked at it. */
  readonly url: string
  readonly hosts: readonly string[]
  readonly family: string
  /** The common names that the certificate may have been issued to. */
  readonly subject: RegExp
}

const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

/**
 * An X.509 certificate at an address that a delivery names. That it is the provider's follows from
 * the https connection to a host of theirs, not from the chain: they publish the certificate
 * without its root, and often alone. What there is of a chain must hold.
 */
export function certificatePlace({ url, hosts, family, subject }: CertificatePlace): KeyPlace {
  return {
    id: url,
    family,
    call: { url, hosts },
    read({ status, body }, now) {
      if (status === 404 || status === 410) return undefined
      if (status !== 200) throw new Error(`status ${status}`)
      return readChain(Buffer.from(body).toString('latin1'), subject, now)
    },
  }
}

function readChain(pem: string, subject: RegExp, now: number): KeySet {
  const chain = (pem.match(PEM) ?? []).map((block) => new X509Certificate(block))
  const [leaf] = chain
  if (leaf === undefined || chain.length > CERTIFICATES_PER_CHAIN_MAX) throw new Error('no chain')
  for (const [index, each] of chain.entries()) {
    const issuer = chain[index + 1]
    const isIssued =
      issuer === undefined || (each.checkIssued(issuer) && each.verify(issuer.publicKey))
    if (!isIssued) throw new Error('a certificate was not issued by the next')
  }
  const [, name = ''] = /^CN=(.+)$/m.exec(leaf.subject) ?? []
  if (!subject.test(name)) throw new Error('the certificate is somebody else’s')
  const validFrom = Math.max(...chain.map((each) => Date.parse(each.validFrom)))
  const validUntil = Math.min(...chain.map((each) => Date.parse(each.validTo)))
  if (!(validFrom <= now && now < validUntil)) throw new Error('the certificate is not valid now')
  const bits = leaf.publicKey.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < RSA_BITS_MIN) throw new Error('the certificate’s key is not RSA, or too short')
  return { keys: new Map([[leaf.fingerprint256, leaf.publicKey]]), validUntil }
}
