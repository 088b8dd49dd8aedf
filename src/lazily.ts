/**
 * Makes something at its first use: what not every start needs, and takes milliseconds to make.
 *
 * @example
 * const statements = lazily(() => prepareStatements(database))
 * statements().add.run(row)
 */
export function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
