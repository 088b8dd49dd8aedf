import { STORAGE_CASES } from './storage-cases.ts'
import type { StorageRig } from './storage-setup.ts'
import { describeConformance, type Conformance } from './suite.ts'

/** Some cases store hundreds of rows, and the machine may be busy. */
const CASE_MS_MAX = 60_000

type OnRuntime = Pick<Conformance, 'runtime' | 'skips'>

/** The suite in this process. */
export function describeStorage(runtime: OnRuntime, open: () => Promise<StorageRig>): void {
  describeConformance({ suite: 'storage', ...runtime }, (declareCase) => {
    for (const { name, run } of STORAGE_CASES) {
      declareCase(
        name,
        async () => {
          await using rig = await open()
          await run(rig)
        },
        CASE_MS_MAX,
      )
    }
  })
}

/** The suite where there is no `bun:test`: `run` runs a case there, and rejects where it fails. */
export function describeStorageElsewhere(
  runtime: OnRuntime,
  run: (name: string) => Promise<void>,
): void {
  describeConformance({ suite: 'storage', ...runtime }, (declareCase) => {
    for (const { name } of STORAGE_CASES) declareCase(name, () => run(name), CASE_MS_MAX)
  })
}
