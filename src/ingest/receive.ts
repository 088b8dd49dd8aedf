import type { Clock } from '../clock.ts'
import { BODY_BUFFER_BYTES, BODY_CHUNK_BYTES_MIN, BODY_CHUNKS_FREE } from '../limits/limits.ts'
import type { Delivery, Refused } from '../delivery.ts'

/** Bounds what the bodies of all requests take together, and how long this one may take. */
export interface BodyBudget {
  /**
   * Counts the declared bytes before they arrive; false where there is not ample room for that.
   */
  holdDeclared(bytes: number): boolean
  /** Counts bytes as held until the request is answered: undefined, or why there is no room. */
  hold(bytes: number): Refused | undefined
  /** Waits for the body, or until it has taken too long. */
  read<T>(body: Promise<T>): Promise<T | Refused>
}

export interface ReceivePorts {
  readonly clock: Clock
  readonly bodyBytesMax: number
  readonly budget: BodyBudget
}

/**
 * Reads one request whole, within its limits, byte for byte. A declared length over the limit is
 * refused before a byte is read, an undeclared one when it is crossed.
 */
export async function receive(
  request: Request,
  source: string,
  ports: ReceivePorts,
): Promise<({ readonly kind: 'received' } & Delivery) | Refused> {
  const receivedAt = ports.clock.now()
  const { method, headers } = request
  const encoding = headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity') {
    return {
      kind: 'refused',
      code: 'ENCODING_UNSUPPORTED',
      detail: 'content-encoding must be identity',
    }
  }
  const declared = headers.get('content-length')
  const bytes = declared === null ? Number.NaN : Number(declared)
  if (bytes > ports.bodyBytesMax) return tooLarge(ports.bodyBytesMax)
  try {
    const body = await readBody(request, bytes, ports)
    if (!(body instanceof Uint8Array)) return body
    return {
      kind: 'received',
      source,
      method,
      // Bun writes it out for whoever asks, 0.6 to 1.4 µs, and few signatures cover it.
      get url() {
        return request.url
      },
      headers,
      body,
      receivedAt,
    }
  } catch {
    // The sender went away mid-body; nobody reads the answer, but the log does.
    return CUT_OFF
  }
}

function readBody(
  request: Request,
  declaredBytes: number,
  { bodyBytesMax, budget }: ReceivePorts,
): Promise<Uint8Array | Refused> {
  return declaredBytes >= 0 && budget.holdDeclared(declaredBytes)
    ? budget.read(request.bytes())
    : budget.read(readCounting(request, bodyBytesMax, budget))
}

/**
 * A body whose length is not declared, or not counted yet: counted as it streams, so that memory
 * never holds more than the limits and one chunk.
 */
async function readCounting(
  request: Request,
  bytesMax: number,
  budget: BodyBudget,
): Promise<Uint8Array | Refused> {
  if (request.body === null) return new Uint8Array()
  // One buffer that grows: kept apart, chunks of one byte would cost a hundred each.
  let buffer = new Uint8Array(Math.min(BODY_BUFFER_BYTES, bytesMax))
  let bytes = 0
  let chunks = 0
  const stream: AsyncIterable<Uint8Array> = request.body
  for await (const chunk of stream) {
    if (bytes + chunk.byteLength > bytesMax) return tooLarge(bytesMax)
    const refused = budget.hold(chunk.byteLength)
    if (refused !== undefined) return refused
    chunks += 1
    if (chunks > BODY_CHUNKS_FREE && bytes < chunks * BODY_CHUNK_BYTES_MIN) return IN_CRUMBS
    if (bytes + chunk.byteLength > buffer.byteLength) {
      const grown = new Uint8Array(Math.min(bytesMax, 2 * (bytes + chunk.byteLength)))
      grown.set(buffer.subarray(0, bytes))
      buffer = grown
    }
    buffer.set(chunk, bytes)
    bytes += chunk.byteLength
  }
  return buffer.slice(0, bytes)
}

const IN_CRUMBS = {
  kind: 'refused',
  code: 'REQUEST_MALFORMED',
  detail: 'the body comes in chunks of a few bytes',
} as const satisfies Refused

const CUT_OFF = {
  kind: 'refused',
  code: 'REQUEST_MALFORMED',
  detail: 'the body ended before its length',
} as const satisfies Refused

function tooLarge(bytesMax: number): Refused {
  const detail = `bodies of at most ${bytesMax} bytes are taken`
  return { kind: 'refused', code: 'BODY_TOO_LARGE', detail }
}
