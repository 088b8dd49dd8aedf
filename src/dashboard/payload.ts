/** Bytes of strangers as text: never parsed into anything but words to show. */

/** The bytes, or undefined where they are no valid UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** A piece of JSON as it was written: numbers keep every digit, keys their order and doubles. */
export interface Piece {
  readonly kind: 'name' | 'string' | 'number' | 'word' | 'mark'
  readonly text: string
}

const TOKEN = /\s+|("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)|([[\]{},:])/gy
const INDENT = '  '

/** JSON over several lines; undefined where it is none. */
export function prettyJson(text: string): Piece[] | undefined {
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  const pieces: Piece[] = []
  let depth = 0
  const line = () => `\n${INDENT.repeat(depth)}`
  for (const [all, string, colon, number, word, mark] of text.matchAll(TOKEN)) {
    if (string !== undefined && colon !== undefined) {
      pieces.push({ kind: 'name', text: string }, { kind: 'mark', text: ': ' })
    } else if (string !== undefined) pieces.push({ kind: 'string', text: string })
    else if (number !== undefined) pieces.push({ kind: 'number', text: number })
    else if (word !== undefined) pieces.push({ kind: 'word', text: word })
    else if (mark === '{' || mark === '[') {
      depth += 1
      pieces.push({ kind: 'mark', text: mark + line() })
    } else if (mark === '}' || mark === ']') {
      depth -= 1
      closeWith(mark, pieces, line())
    } else if (mark === ',') pieces.push({ kind: 'mark', text: mark + line() })
    else if (all.trim() !== '') return undefined
  }
  return pieces
}

/** What is empty stays on one line. */
function closeWith(mark: string, pieces: Piece[], line: string): void {
  const last = pieces.at(-1)
  const isEmpty = last?.kind === 'mark' && /^[[{]\n/.test(last.text)
  if (isEmpty) pieces[pieces.length - 1] = { kind: 'mark', text: last.text.charAt(0) + mark }
  else pieces.push({ kind: 'mark', text: line + mark })
}

const ROW_BYTES = 16

/** Offset, bytes, and what of them can be read: as `xxd` does. */
export function hexDump(bytes: Uint8Array): string {
  const rows: string[] = []
  for (let at = 0; at < bytes.length; at += ROW_BYTES) {
    const row = [...bytes.subarray(at, at + ROW_BYTES)]
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const text = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.'))
    rows.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(ROW_BYTES * 3)} ${text.join('')}`)
  }
  return rows.join('\n')
}
