import type { Clock } from '../clock.ts'
import type { Delivery, Refused } from '../delivery.ts'

export interface ReceivePorts {
  readonly clock: Clock
  readonly bodyBytesMax: number
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
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity') {
    return {
      kind: 'refused',
      code: 'ENCODING_UNSUPPORTED',
      detail: 'content-encoding must be identity',
    }
  }
  const body = await readBody(request, ports.bodyBytesMax)
  if (body === 'too-large') {
    return {
      kind: 'refused',
      code: 'BODY_TOO_LARGE',
      detail: `bodies of at most ${ports.bodyBytesMax} bytes are taken`,
    }
  }
  if (body === 'cut-off') {
    return {
      kind: 'refused',
      code: 'REQUEST_MALFORMED',
      detail: 'the body ended before its length',
    }
  }
  const { method, url, headers } = request
  return { kind: 'received', source, method, url, headers, body, receivedAt }
}

async function readBody(
  request: Request,
  bytesMax: number,
): Promise<Uint8Array | 'too-large' | 'cut-off'> {
  const declared = request.headers.get('content-length')
  try {
    if (declared === null) return await readUndeclared(request, bytesMax)
    if (Number(declared) > bytesMax) return 'too-large'
    return await request.bytes()
  } catch {
    // The sender went away mid-body; nobody reads the answer, but the log does.
    return 'cut-off'
  }
}

/**
 * A chunked body: counted as it streams, so that memory never holds more than the
 * limit and one chunk.
 */
async function readUndeclared(
  request: Request,
  bytesMax: number,
): Promise<Uint8Array | 'too-large'> {
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let bytes = 0
  const stream: AsyncIterable<Uint8Array> = request.body
  for await (const chunk of stream) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) return 'too-large'
    chunks.push(chunk)
  }
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}
