/**
 * What strangers wrote, for a terminal. It obeys control characters: an event id could move the
 * cursor, hide lines, name the window or answer for the person who looks at it.
 */

/** C0, DEL and C1 but for line feed and tab, and what turns the direction of text around. */
const CONTROLS = /[^\P{Cc}\n\t]|[\u2028-\u202E\u2066-\u2069]/gu

/** Text with control characters as JSON writes them: within JSON it means the same as before. */
export function printable(text: string): string {
  return text.replace(CONTROLS, escaped)
}

/** The same, without an end of line: for a cell of a table, and a line that is one event. */
export function oneLine(text: string): string {
  return printable(text).replace(/[\n\t]/g, escaped)
}

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}
