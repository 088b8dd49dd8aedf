const encoder = new TextEncoder()

/**
 * PHP's `serialize` of form fields, sorted by name as `ksort` does it: byte by byte. Each text
 * stands there with its length, so that no two lists of fields read the same.
 */
export function phpSerialize(fields: Iterable<readonly [string, string]>): Uint8Array {
  const sorted = [...fields].toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const texts = sorted.flat().map((text) => `s:${encoder.encode(text).length}:"${text}";`)
  return encoder.encode(`a:${sorted.length}:{${texts.join('')}}`)
}
