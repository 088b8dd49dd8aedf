/**
 * Throws when the program is wrong. Stays on in production: a broken invariant
 * must not be acknowledged.
 */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${what}`)
}

/**
 * For the default branch of a switch over a closed union: the compiler proves that
 * it is never reached.
 */
export function unreachable(value: never): never {
  throw new Error(`broken invariant: unexpected ${JSON.stringify(value)}`)
}
