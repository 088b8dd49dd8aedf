/** How a suite that holds wherever Inlet runs is declared, and how its results are kept. */
import { afterAll, describe, expect, test } from 'bun:test'
import {
  addResult,
  readResults,
  titleOf,
  type CaseResult,
  type Runtime,
  type Suite,
} from './results.ts'

export interface Conformance {
  readonly suite: Suite
  readonly runtime: Runtime
  /** What the suite is held against, where a runtime has several of it. */
  readonly adapter?: string
  /** Cases that this runtime cannot pass by its nature: their names, and why, in a sentence. */
  readonly skips?: Readonly<Record<string, string>>
}

/** Declares a case of a suite: what holds, and what shows it. */
export type DeclareCase = (name: string, run: () => Promise<void>, msMax?: number) => void

/** The file that `bun run conformance` gathers results in. */
const recordIn = process.env['CONFORMANCE_RESULTS']

/** Declares a suite for a runtime. Its cases are those of every other runtime. */
export function describeConformance(
  { suite, runtime, adapter, skips = {} }: Conformance,
  declare: (declareCase: DeclareCase) => void,
): void {
  const key = { suite, runtime, adapter }
  describe(titleOf(key), () => {
    const unused = new Set(Object.keys(skips))
    const declared: CaseResult[] = []
    const passed = new Set<string>()
    declare((name, run, msMax) => {
      unused.delete(name)
      const reason = skips[name]
      declared.push(reason === undefined ? { name } : { name, skipped: reason })
      if (reason !== undefined) {
        test.skip(`${name} (skipped: ${reason})`, run)
        return
      }
      test(
        name,
        async () => {
          await run()
          passed.add(name)
        },
        msMax,
      )
    })
    if (unused.size > 0) throw new Error(`${suite} has no case ${[...unused].join(', ')}`)
    if (recordIn !== undefined) {
      afterAll(() => {
        const cases = declared.filter(({ name, skipped }) => skipped ?? passed.has(name))
        addResult(recordIn, { ...key, cases })
      })
      return
    }
    test('docs/runtimes.md shows these cases: `bun run conformance` writes it', () => {
      const shown = readResults().results.find((result) => titleOf(result) === titleOf(key))
      expect(shown?.cases).toEqual(declared)
    })
  })
}
