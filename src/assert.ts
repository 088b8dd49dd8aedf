/** The program is wrong: nobody can do anything about it but mend it. */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant'
}

/**
 * Throws BrokenInvariant when the program is wrong. Stays on in production: what is broken must
 * not be acknowledged.
 */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new BrokenInvariant(what)
}

/**
 * For the default branch of a switch over a closed union: the compiler proves that it is
 * never reached.
 */
export function unreachable(value: never): never {
  throw new BrokenInvariant(`unexpected ${JSON.stringify(value)}`)
}
