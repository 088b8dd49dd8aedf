import type { Sink } from './hash.ts'

/** The values that a signed string is made of. */
export interface MessageParts {
  readonly id: string
  /** As it was received: the digits are signed, not the number. */
  readonly timestamp: string
  readonly body: Uint8Array
}

/**
 * Feeds the signed string to a hasher, piece by piece: no copy of the body, and no value is ever
 * scanned for parts.
 */
export type Message = (parts: MessageParts, sink: Sink) => void

/** Compiles a template such as `{id}.{ts}.{body}`. */
export function compileMessage(template: string): Message {
  const pieces = template.split(/(\{(?:body|ts|id)\})/).filter((piece) => piece !== '')
  return (parts, sink) => {
    for (const piece of pieces) sink.update(pieceOf(piece, parts))
  }
}

function pieceOf(piece: string, parts: MessageParts): string | Uint8Array {
  switch (piece) {
    case '{body}':
      return parts.body
    case '{ts}':
      return parts.timestamp
    case '{id}':
      return parts.id
    default:
      return piece
  }
}

/** What follows `{id}` in the template: an id that contained it could be cut in two ways. */
export function idSeparator(template: string): string | undefined {
  return /\{id\}([^{]+)/.exec(template)?.[1]
}
