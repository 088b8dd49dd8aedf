/**
 * Schemes in which the sender presents the secret itself: nothing is signed, so nothing but the
 * sender is proven.
 */
import { Buffer } from 'node:buffer'
import type { BasicScheme, SecretForm, TokenScheme } from '../schemes.ts'
import { BATCH_EVENTS_MAX } from '../../limits/limits.ts'
import { fill } from './config.ts'
import { digestOf } from '../../bytes/hashing.ts'
import { equalDigests } from './hash.ts'
import { compilePath, splitReference } from './reference.ts'
import type { Asked } from './request.ts'
import { unproven, type CompiledScheme, type SchemeOptions } from './scheme.ts'
import { secretKeys } from './secrets.ts'
import { compileText, textOf } from './text.ts'

type Presented = string | Uint8Array | undefined

/** Reads what is presented, all of which has to be the secret; undefined where nothing is. */
type ReadPresented = (request: Asked) => readonly Presented[] | undefined

/** Compiles a static token. */
export function compileToken(scheme: TokenScheme, options: SchemeOptions): CompiledScheme {
  const { config } = options
  const prefix = fill(scheme.prefix ?? '', config)
  const [, label] = splitReference(fill(scheme.at, config))
  const strip = (value: string | undefined) =>
    value?.startsWith(prefix) === true ? value.slice(prefix.length) : undefined
  if (scheme.each !== undefined) {
    const readAll = compileEach(scheme.each, label)
    return compilePresented(scheme, options, label, (request) => readAll(request)?.map(strip))
  }
  const read = compileText(scheme.at, config)
  return compilePresented(scheme, options, label, (request) => {
    const value = read(request)
    return value === undefined ? undefined : [strip(value)]
  })
}

/** Reads a value of each element of an array; undefined where there is no element. */
function compileEach(array: string, path: string) {
  const readArray = compilePath(array)
  const readElement = compilePath(path)
  return ({ data }: Asked): (string | undefined)[] | undefined => {
    const elements = readArray(data)
    if (!Array.isArray(elements) || elements.length === 0) return undefined
    if (elements.length > BATCH_EVENTS_MAX) return [undefined]
    return elements.map((element) => textOf(readElement(element)))
  }
}

/** Compiles HTTP Basic. User and password are compared as one, so a password may contain colons. */
export function compileBasic(scheme: BasicScheme, options: SchemeOptions): CompiledScheme {
  return compilePresented(scheme, options, 'authorization', ({ delivery }) => {
    const value = delivery.headers.get('authorization')
    if (value === null) return undefined
    const encoded = /^basic ([A-Za-z0-9+/]+={0,2})$/i.exec(value)?.[1]
    return [encoded === undefined ? undefined : Buffer.from(encoded, 'base64')]
  })
}

function compilePresented(
  { secret }: { readonly secret: SecretForm },
  { secrets }: SchemeOptions,
  label: string,
  read: ReadPresented,
): CompiledScheme {
  const expected = secretKeys(secret, secrets).map(digestOf)
  return {
    label,
    check(request) {
      const presented = read(request)
      if (presented === undefined) return undefined
      // Digests are compared, not the secrets: neither content nor length shows in the time it
      // takes.
      const digests = presented.map((each) => (each === undefined ? undefined : digestOf(each)))
      let secretIndex: number | undefined
      for (const [index, own] of expected.entries()) {
        const equal = digests.map((each) => each !== undefined && equalDigests(each, own))
        if (equal.length > 0 && !equal.includes(false)) secretIndex ??= index
      }
      if (secretIndex !== undefined) {
        return { kind: 'proven', id: undefined, timestamp: undefined, secretIndex }
      }
      return presented.includes(undefined)
        ? unproven('bad_encoding', `${label} does not have the expected form`)
        : unproven('mismatch', `${label} does not match`)
    },
  }
}
