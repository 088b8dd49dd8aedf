import { HeaderName } from '../values.ts'
import { fill, setting, type RowConfig } from './config.ts'
import { splitReference } from './reference.ts'
import { compileRead, type Asked } from './request.ts'
import type { RequestReference } from '../answers.ts'

/** Reads a value of a request as text; undefined where it has none, or none that is text. */
export type ReadText = (request: Asked) => string | undefined

/**
 * Compiles a reference whose name the operator may set.
 *
 * @throws GatewayError CONFIG_INVALID where what was set is no name.
 */
export function compileText(reference: string, config: RowConfig): ReadText {
  const [place, name] = splitReference(reference)
  if (place === 'header') {
    const header = setting(HeaderName, name, config)
    return ({ delivery }) => delivery.headers.get(header) ?? undefined
  }
  const read = compileRead(fill(reference, config) as RequestReference)
  return (request) => textOf(read(request))
}

/** A whole number counts as its digits, where no digit of it is lost. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return Number.isSafeInteger(value) ? String(value) : undefined
}
