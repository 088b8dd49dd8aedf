const encoder = new TextEncoder()

/** Names that PHP takes as they are: no array, no number, no character that it rewrites. */
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/

/**
 * PHP's `serialize` of form fields, sorted by name as `ksort` does it: byte by byte. Undefined
 * where PHP would read other fields out of the same form: a name twice, or one that is not plain.
 */
export function phpSerialize(fields: Iterable<readonly [string, string]>): Uint8Array | undefined {
  const sorted = [...fields].toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const pieces = [`a:${sorted.length}:{`]
  let previous: string | undefined
  for (const [name, value] of sorted) {
    if (name === previous || !PLAIN_NAME.test(name)) return undefined
    pieces.push(serializeText(name), serializeText(value))
    previous = name
  }
  return encoder.encode(`${pieces.join('')}}`)
}

/** A text with its length in bytes, so that no two lists of fields read the same. */
function serializeText(value: string): string {
  return `s:${encoder.encode(value).length}:"${value}";`
}
