/** The text that a provider signs, made of the values of a request. */
import { fill, type RowConfig } from './config.ts'
import { crc32 } from '../../bytes/crc.ts'
import { digestOf, type Sink } from '../../bytes/hashing.ts'
import type { Asked } from './request.ts'
import { compileText } from './text.ts'
import { queryOf, sortedForm, sortedQuery } from './url.ts'

/** The values that a signed text is made of. */
export interface MessageParts {
  readonly request: Asked
  readonly id: string
  /** As it was received: the digits are signed, not the number. */
  readonly timestamp: string
}

/** Stands in a message where the secret does. */
const SECRET = Symbol('secret')

/**
 * A signed text in pieces: no copy of the body, and no value is ever scanned for parts. A secret is
 * filled in when the message is fed, because there may be several.
 */
export type Message = readonly (string | Uint8Array | typeof SECRET)[]

/** A value that the text needs: not there, or such that the text could be cut in two ways. */
export interface BadPart {
  readonly kind: 'bad-part'
  readonly name: string
  readonly isMissing: boolean
}

export type MakeMessage = (parts: MessageParts) => Message | BadPart

interface Piece {
  /** Without its braces. */
  readonly name: string
  readonly read: (parts: MessageParts) => string | Uint8Array | typeof SECRET | undefined
  /** The literal behind a value that the sender chooses. */
  readonly separator: string | undefined
}

/** Compiles a template such as `{id}.{ts}.{body}`. */
export function compileMessage(
  template: string,
  context: { readonly config: RowConfig; readonly url: string | undefined },
): MakeMessage {
  const texts = template.split(/(\{[^{}]+\})/).filter((text) => text !== '')
  const pieces = texts.map((text, at): Piece => {
    const name = /^\{(.+)\}$/.exec(text)?.[1]
    if (name === undefined) return { name: text, read: () => text, separator: undefined }
    const next = texts[at + 1]
    const isChosen = name === 'id' || name.includes(':')
    const separator = isChosen && next?.startsWith('{') === false ? next : undefined
    return { name, read: compilePart(name, context), separator }
  })
  return (parts) => {
    const message: (string | Uint8Array | typeof SECRET)[] = []
    let text = ''
    for (const { name, read, separator } of pieces) {
      const value = read(parts)
      if (value === undefined) return { kind: 'bad-part', name, isMissing: true }
      if (typeof value === 'string') {
        if (separator !== undefined && value.includes(separator)) {
          return { kind: 'bad-part', name, isMissing: false }
        }
        text += value
      } else {
        if (text !== '') message.push(text)
        message.push(value)
        text = ''
      }
    }
    if (text !== '') message.push(text)
    return message
  }
}

/** Feeds a message to a hasher, with this secret where it belongs. */
export function feed(message: Message, sink: Sink, secret?: Uint8Array): void {
  for (const piece of message) sink.update(piece === SECRET ? (secret ?? '') : piece)
}

function compilePart(
  name: string,
  { config, url = '' }: { readonly config: RowConfig; readonly url: string | undefined },
): Piece['read'] {
  switch (name) {
    case 'body':
      return ({ request }) => request.delivery.body
    case 'ts':
      return ({ timestamp }) => timestamp
    case 'id':
      return ({ id }) => id
    case 'secret':
      return () => SECRET
    case 'method':
      return ({ request }) => request.delivery.method
    case 'url':
      return ({ request }) => url + queryOf(request.delivery.url)
    case 'urlNoQuery':
      return () => url
    case 'sortedQuery':
      return ({ request }) => sortedQuery(request.delivery.url)
    case 'sortedForm':
      return ({ request }) => sortedForm(request.delivery.body)
    case 'sha256:body':
      return ({ request }) => digestOf(request.delivery.body)
    case 'sha256hex:body':
      return ({ request }) => Buffer.from(digestOf(request.delivery.body)).toString('hex')
    case 'crc32:body':
      return ({ request }) => String(crc32(request.delivery.body))
    default: {
      // A configured value stands for itself, whatever is in it.
      const configured = name.startsWith('config:') ? fill(`{${name}}`, config) : undefined
      if (configured !== undefined) return () => configured
      const read = compileText(name, config)
      return ({ request }) => read(request)
    }
  }
}
