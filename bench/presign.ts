import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SIGNED_AT, type Shape } from './shapes.ts'
import { fillSlot, layOut, SIGNATURE_CHARS, type Slot } from './slots.ts'

/** What is written into a template: `length` bytes of a request's values, from `from` on. */
interface Fill extends Slot {
  readonly from: number
}

/** Requests that are ready to be sent: a template, and for each what is written into it. */
export interface Presigned {
  /** One whole HTTP request. */
  readonly template: Buffer
  readonly fills: readonly Fill[]
  /** Token, what else differs, and signature of one request after the other. */
  readonly values: Buffer
  readonly valueBytes: number
  readonly tokenChars: number
  readonly count: number
  readonly bodyBytes: number
}

/** Signs `count` requests, each for an event of its own. 3 µs each at 2 kB. */
export function presign(
  shape: Shape,
  options: { count: number; secret: string; nowMs: number },
): Presigned {
  const { count, secret, nowMs } = options
  const { tokenChars } = shape
  const seconds = Math.floor(nowMs / 1000)
  const body = layOut(shape.body, tokenChars)
  const head = [
    `POST /hooks/${shape.source} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...shape.headers,
    'Accept: */*',
    `Content-Length: ${body.bytes.length}`,
  ].join('\r\n')
  const headText = head.replace(SIGNED_AT, String(seconds))
  const request = layOut(`${headText}\r\n\r\n${shape.body}`, tokenChars)

  const ofBody = fillsOf(body.slots, tokenChars)
  const ofRequest = fillsOf(request.slots, tokenChars)
  const keyed = new Bun.CryptoHasher('sha256', secret).update(shape.signedPrefix(seconds))
  const valueBytes = ofBody.bytes + SIGNATURE_CHARS
  const values = Buffer.alloc(count * valueBytes)
  for (let at = 0; at < values.length; at += valueBytes) {
    values.write(shape.token(), at, 'latin1')
    for (const fill of ofBody.fills) {
      const from = at + fill.from
      fillSlot(values, from, fill)
      values.copy(body.bytes, fill.at, from, from + fill.length)
    }
    const signature = keyed.copy().update(body.bytes).digest('hex')
    values.write(signature, at + ofBody.bytes, 'latin1')
  }
  const template = request.bytes
  const bodyBytes = body.bytes.length
  return { template, fills: ofRequest.fills, values, valueBytes, tokenChars, count, bodyBytes }
}

/** The token comes first, then what else the body holds in its order, then the signature. */
function fillsOf(slots: readonly Slot[], tokenChars: number): { fills: Fill[]; bytes: number } {
  const others = slots.filter(({ kind }) => kind !== 'token' && kind !== 'signature')
  const bytes = others.reduce((sum, { length }) => sum + length, tokenChars)
  let next = tokenChars
  const fills = slots.map((slot): Fill => {
    if (slot.kind === 'token') return { ...slot, from: 0 }
    if (slot.kind === 'signature') return { ...slot, from: bytes }
    const from = next
    next += slot.length
    return { ...slot, from }
  })
  return { fills, bytes }
}

/** Requests without body and signature, all the same. */
export function plainRequests(methodAndPath: string, count: number): Presigned {
  return {
    template: Buffer.from(`${methodAndPath} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n`),
    fills: [],
    values: Buffer.alloc(count),
    valueBytes: 1,
    tokenChars: 0,
    count,
    bodyBytes: 0,
  }
}

/** Writes them for a generator. Returns what it must be told: files, bytes of a value, fills. */
export function writePresigned(presigned: Presigned, directory: string): string[] {
  const template = join(directory, 'template')
  const values = join(directory, 'values')
  writeFileSync(template, presigned.template)
  writeFileSync(values, presigned.values)
  const fills = presigned.fills.map(({ at, from, length }) => [at, from, length].join(':'))
  return [template, values, String(presigned.valueBytes), fills.join()]
}

/** The token of one of them. */
export function tokenOf({ values, valueBytes, tokenChars }: Presigned, index: number): string {
  const at = index * valueBytes
  return values.toString('latin1', at, at + tokenChars)
}

/** Where a body holds its token first. */
export function tokenOffsetInBody({ template, bodyBytes, fills }: Presigned): number {
  const headBytes = template.length - bodyBytes
  const token = fills.find(({ kind, at }) => kind === 'token' && at >= headBytes)
  if (token === undefined) throw new Error('the body holds no token')
  return token.at - headBytes
}
