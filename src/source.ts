import type { Verifier } from './delivery.ts'
import type { PassThrough, Route, SourceDefinition } from './gateway.ts'

/** A configured third party: how its deliveries are verified, and where its events go. */
export interface Source {
  readonly name: string
  readonly provider: string
  /** True where the operator configured `none`: anybody can send. */
  readonly unsigned: boolean
  /** The handler file, or undefined where configuration alone defines the source. */
  readonly file: string | undefined
  readonly verify: Verifier
  /** The route for events of this type; undefined: nobody wants them. */
  readonly route: (type: string) => Route | undefined
}

/** The events of a source without a handler file: everything to one topic, bytes unchanged. */
export function passEverything(topic: string): SourceDefinition['events'] {
  return { '*': { topic } satisfies PassThrough }
}

/**
 * Compiles a source's routes. The exact type wins, then the longest prefix written
 * as `prefix.*`, then `*`.
 *
 * @example compileRoutes({ 'push': a, 'pull_request.*': b, '*': c })('pull_request.opened') // b
 */
export function compileRoutes(events: SourceDefinition['events']): Source['route'] {
  const exact = new Map(Object.entries(events).filter(([pattern]) => !pattern.endsWith('*')))
  const prefixes = Object.entries(events)
    .filter(([pattern]) => pattern.endsWith('.*'))
    .map(([pattern, route]) => ({ prefix: pattern.slice(0, -1), route }))
    .toSorted((a, b) => b.prefix.length - a.prefix.length)
  const otherwise = events['*']
  return (type) =>
    exact.get(type) ?? prefixes.find(({ prefix }) => type.startsWith(prefix))?.route ?? otherwise
}

/** Whether a pattern of `events` can be compiled: a type, `prefix.*` or `*`. */
export function isTypePattern(pattern: string): boolean {
  const stars = pattern.split('*').length - 1
  return (
    pattern !== '' && (stars === 0 || (stars === 1 && (pattern === '*' || pattern.endsWith('.*'))))
  )
}
