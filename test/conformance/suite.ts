/**
 * The suites that hold wherever Inlet runs, and where that is: the rows and columns of
 * docs/runtimes.md.
 */
import { describe, test } from 'bun:test'

export type Suite = 'HTTP contract' | 'storage' | 'idempotency' | 'publisher'
export type Runtime = 'Bun' | 'binary' | 'workerd' | 'Deno'

export interface Conformance {
  readonly suite: Suite
  readonly runtime: Runtime
  /** Cases that this runtime cannot pass by its nature: their names, and why, in a sentence. */
  readonly skips?: Readonly<Record<string, string>>
}

/** Declares a case of a suite: what holds, and what shows it. */
export type DeclareCase = (name: string, run: () => Promise<void>, msMax?: number) => void

/** Declares a suite for a runtime. Its cases are those of every other runtime. */
export function describeConformance(
  { suite, runtime, skips = {} }: Conformance,
  declare: (declareCase: DeclareCase) => void,
): void {
  describe(`${suite} on ${runtime}`, () => {
    const unused = new Set(Object.keys(skips))
    declare((name, run, msMax) => {
      unused.delete(name)
      const reason = skips[name]
      if (reason === undefined) test(name, run, msMax)
      else test.skip(`${name} (skipped: ${reason})`, run)
    })
    if (unused.size > 0) throw new Error(`${suite} has no case ${[...unused].join(', ')}`)
  })
}
