/**
 * Schemes in which the sender presents the secret itself: nothing is signed, so nothing but the
 * sender is proven.
 */
import { HeaderName, type BasicScheme, type TokenScheme } from '../row.ts'
import { fill, setting } from './config.ts'
import { digestOf, equalDigests } from './hash.ts'
import { refused, type CompiledScheme, type SchemeOptions } from './scheme.ts'
import { secretKeys } from './secrets.ts'

/** Compiles a static token in a header. */
export function compileToken(scheme: TokenScheme, options: SchemeOptions): CompiledScheme {
  const header = setting(HeaderName, scheme.header, options.config)
  const prefix = fill(scheme.prefix, options.config)
  const secrets = secretKeys(scheme, options.secrets)
  return compilePresented(header, secrets, (value) =>
    value.startsWith(prefix) ? value.slice(prefix.length) : undefined,
  )
}

/** Compiles HTTP Basic. User and password are compared as one, so a password may contain colons. */
export function compileBasic(scheme: BasicScheme, options: SchemeOptions): CompiledScheme {
  const secrets = secretKeys(scheme, options.secrets)
  return compilePresented('authorization', secrets, (value) => {
    const encoded = /^basic ([A-Za-z0-9+/]+={0,2})$/i.exec(value)?.[1]
    return encoded === undefined ? undefined : Buffer.from(encoded, 'base64')
  })
}

function compilePresented(
  header: string,
  secrets: readonly Uint8Array[],
  read: (value: string) => string | Uint8Array | undefined,
): CompiledScheme {
  const expected = secrets.map(digestOf)
  return {
    header,
    isPresent: (headers) => headers.get(header) !== null,
    check({ headers }) {
      const presented = read(headers.get(header) ?? '')
      if (presented === undefined) {
        return refused('SIGNATURE_MISMATCH', `${header} does not have the expected form`)
      }
      // Digests are compared, not the secrets: neither content nor length shows in the time it
      // takes.
      const digest = digestOf(presented)
      let secretIndex: number | undefined
      for (const [index, each] of expected.entries()) {
        const isEqual = equalDigests(digest, each)
        secretIndex ??= isEqual ? index : undefined
      }
      return secretIndex === undefined
        ? refused('SIGNATURE_MISMATCH', `${header} does not match`)
        : { kind: 'proven', id: undefined, timestamp: undefined, secretIndex }
    },
    checkData: undefined,
  }
}
