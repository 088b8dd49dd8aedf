/**
 * What differs from event to event. Stored events are packed, so templates that all are the same
 * would flatter: every id and number of a real body is a slot, which is filled anew each time.
 */
import { randomSecret } from '../src/ids.ts'

/** Stands for the event's token and for the signature, until each request has its own. */
export const TOKEN = '{{token}}'
export const SIGNATURE = '{{signature}}'

/** Digits without 0, with which no number in JSON may begin; hexadecimal; and what base64 has. */
type Kind = 'digits' | 'hex' | 'letters'

/** A place in a text, in bytes, that each request fills for itself. */
export interface Slot {
  readonly at: number
  readonly length: number
  readonly kind: Kind | 'token' | 'signature'
}

/** Shorter ones are years, amounts and flags, which differ little between real events. */
const DIGITS_MIN = 5
const ID_CHARS_MIN = 8

/** Makes a slot of everything that looks like an id or a large number. */
export function withSlots(text: string): string {
  return text.replaceAll(/[A-Za-z0-9]+/g, (word) => {
    const kind = kindOf(word)
    return kind === undefined ? word : `{{${kind}:${word.length}}}`
  })
}

function kindOf(word: string): Kind | undefined {
  if (/^\d+$/.test(word)) return word.length < DIGITS_MIN ? undefined : 'digits'
  if (word.length < ID_CHARS_MIN || !/\d/.test(word)) return undefined
  return /^[0-9a-f]+$/.test(word) ? 'hex' : 'letters'
}

/** An HMAC-SHA256, in hex. */
export const SIGNATURE_CHARS = 64

/** Makes room for what slots are filled with, and says where they are. */
export function layOut(text: string, tokenChars: number): { bytes: Buffer; slots: Slot[] } {
  const slots: Slot[] = []
  const parts: string[] = []
  let at = 0
  for (const part of text.split(/(\{\{[a-z:0-9]+\}\})/)) {
    const [, name, chars] = /^\{\{([a-z]+):?(\d*)\}\}$/.exec(part) ?? []
    const filled = name === undefined ? part : '0'.repeat(lengthOf(part, chars, tokenChars))
    if (name !== undefined) slots.push({ at, length: filled.length, kind: name as Slot['kind'] })
    parts.push(filled)
    at += Buffer.byteLength(filled)
  }
  return { bytes: Buffer.from(parts.join('')), slots }
}

function lengthOf(slot: string, chars: string | undefined, tokenChars: number): number {
  if (slot === TOKEN) return tokenChars
  return slot === SIGNATURE ? SIGNATURE_CHARS : Number(chars)
}

/** What may be asked of the system at once. */
const PIECE_BYTES = 64 * 1024
/**
 * Further apart than a chunk is long, and than zstd looks back: the same bytes come again, but
 * nobody can make use of it.
 */
const PIECES = 16

const RANDOM = Buffer.concat(
  Array.from({ length: PIECES }, () => Buffer.from(randomSecret(PIECE_BYTES), 'base64')),
)
const POOLS: Readonly<Record<Kind, Buffer>> = {
  digits: Buffer.from(RANDOM.map((byte) => 0x31 + (byte % 9))),
  hex: Buffer.from(RANDOM.toString('hex')),
  letters: Buffer.from(RANDOM.toString('base64').replaceAll(/[+/=]/g, 'x')),
}
const nextAt: Record<Kind, number> = { digits: 0, hex: 0, letters: 0 }

/** The body of one event. */
export function bodyOf(text: string, token: string): Buffer {
  const { bytes, slots } = layOut(text, token.length)
  for (const slot of slots) {
    if (slot.kind === 'token') bytes.write(token, slot.at, 'latin1')
    fillSlot(bytes, slot.at, slot)
  }
  return bytes
}

/** Writes random characters of the slot's kind; token and signature are the caller's. */
export function fillSlot(target: Buffer, at: number, { kind, length }: Slot): void {
  if (kind === 'token' || kind === 'signature') return
  const pool = POOLS[kind]
  if (nextAt[kind] + length > pool.length) nextAt[kind] = 0
  pool.copy(target, at, nextAt[kind], nextAt[kind] + length)
  nextAt[kind] += length
}
