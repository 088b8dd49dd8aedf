/**
 * What a core node gives an edge for events that are on its disk. A status alone is no such thing:
 * a proxy's page for a core that is away, a login page, or a wrong address answer 200, too, and
 * what is taken for forwarded is deleted at the edge one day.
 */
import { keyedHasher } from './bytes/hashing.ts'

/** The header of the answer: one receipt for each secret of the core, with spaces between them. */
export const RECEIPT_HEADER = 'inlet-receipt'

/** What is signed begins with it: no webhook's signature is a receipt, and no receipt is one. */
const CONTEXT = 'inlet-receipt.'

/** Makes the receipt for the bytes of a request, which nobody can make without the secret. */
export function receiptMaker(secret: string): (body: Uint8Array) => string {
  const start = keyedHasher('sha256', Uint8Array.fromBase64(secret.replace(/^whsec_/, '')))
  return (body) => {
    const hasher = start()
    hasher.update(CONTEXT)
    hasher.update(body)
    return `v1,${new Uint8Array(hasher.digest()).toBase64()}`
  }
}
