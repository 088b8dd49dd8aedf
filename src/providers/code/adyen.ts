/**
 * Adyen's standard notifications: each item carries its own signature, over eight of its fields.
 */
import { z } from 'zod'
import { compilePath } from '../engine/reference.ts'
import { unproven, type CompileCode, type SignCode } from '../engine/scheme.ts'
import { secretKeys } from '../engine/secrets.ts'
import { decodeSignature } from '../engine/signatures.ts'
import type { SecretForm } from '../schemes.ts'
import { macMatcher, macOf, type MacMatcher } from './mac.ts'

export const ADYEN_SECRET: SecretForm = { from: 'hex' }

/** In the order in which they are signed. Only one of them may contain the separator. */
const FIELDS = [
  'pspReference',
  'originalReference',
  'merchantAccountCode',
  'merchantReference',
  'amount.value',
  'amount.currency',
  'eventCode',
  'success',
].map((path) => [path, compilePath(path)] as const)
const SEPARATOR = ':'
const readItems = compilePath('notificationItems')
const readItem = compilePath('NotificationRequestItem')
const readSignature = compilePath('additionalData.hmacSignature')

export const compileAdyen: CompileCode = ({ secrets }) => {
  const matches = macMatcher('sha256', secretKeys(ADYEN_SECRET, secrets))
  return ({ data }) => {
    const items = readItems(data)
    if (!Array.isArray(items) || items.length === 0) {
      return unproven('missing_header', 'notificationItems is missing')
    }
    let secretIndex: number | undefined
    for (const [index, item] of items.entries()) {
      const matched = matchItem(readItem(item), matches)
      if (matched === undefined) {
        const detail = `additionalData.hmacSignature of item ${index} does not match`
        return unproven('mismatch', detail)
      }
      secretIndex ??= matched
    }
    return { kind: 'proven', id: undefined, timestamp: undefined, secretIndex }
  }
}

/** The index of the key that signed this item. */
function matchItem(item: unknown, matches: MacMatcher): number | undefined {
  const text = signedText(item)
  const encoded = readSignature(item)
  if (text === undefined || typeof encoded !== 'string') return undefined
  const signature = decodeSignature(encoded, 'base64')
  return signature === undefined ? undefined : matches([text], [signature])
}

/**
 * The text that an item's signature covers; undefined where it could be read as another item's. The
 * merchant chooses `merchantReference` and may put colons into it. With the other seven free of
 * them, the text can be cut in one way only.
 */
function signedText(item: unknown): string | undefined {
  const values: string[] = []
  for (const [path, read] of FIELDS) {
    const text = textOf(read(item))
    if (text === undefined) return undefined
    if (path !== 'merchantReference' && text.includes(SEPARATOR)) return undefined
    values.push(text)
  }
  return values.join(SEPARATOR)
}

/** A field that is not there counts as empty: `originalReference` is only in modifications. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  // Amounts are in minor units; one beyond 2^53 has lost its last digits already.
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined
}

const Item = z.looseObject({ additionalData: z.looseObject({}).optional() })
const Sample = z.looseObject({
  notificationItems: z.array(z.looseObject({ NotificationRequestItem: Item })),
})

export const signAdyen: SignCode = ({ secret, body }) => {
  const [key = new Uint8Array()] = secretKeys(ADYEN_SECRET, [secret])
  const sample = Sample.parse(JSON.parse(new TextDecoder().decode(body)))
  for (const { NotificationRequestItem: item } of sample.notificationItems) {
    const hmacSignature = macOf('sha256', key, [signedText(item) ?? '']).toString('base64')
    item.additionalData = { ...item.additionalData, hmacSignature }
  }
  return { body: Buffer.from(JSON.stringify(sample)) }
}
