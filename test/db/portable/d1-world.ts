import { d1Batches, type D1, type D1Statement } from '../../../db/portable/d1.ts'
import { openNodeSqlite } from '../../../db/portable/node-sqlite.ts'
import { openPortableStore } from '../../../db/portable/store.ts'
import type { SqlValue } from '../../../db/portable/batches.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { makeTempDir } from '../../support/temp.ts'
import { RETENTION_MS } from '../world.ts'

interface Bound extends D1Statement {
  readonly sql: string
  readonly params: readonly SqlValue[]
}

/** D1 as its client sees it, but that its next batches fail, before they run or after. */
export async function openD1World() {
  await using opened = new AsyncDisposableStack()
  const { path } = opened.use(await makeTempDir())
  const onFatal = (error: Error) => {
    throw error
  }
  const sqlite = opened.use(openNodeSqlite({ directory: path, now: 1, onFatal }))
  const faults: { readonly message: string; readonly runs: boolean }[] = []
  const counter = { batches: 0 }

  function prepare(sql: string, params: readonly SqlValue[] = []): Bound {
    return { sql, params, bind: (...next) => prepare(sql, next as SqlValue[]) }
  }
  const database: D1 = {
    prepare,
    async batch(statements) {
      counter.batches += 1
      const fault = faults.shift()
      const results = fault?.runs === false ? [] : await sqlite.batch(statements as Bound[])
      if (fault !== undefined) throw new Error(fault.message)
      return results.map((rows) => ({ results: rows }))
    },
  }
  const clock = manualClock()
  const impatient = { sleep: () => Promise.resolve() }
  const options = { clock, retentionMs: RETENTION_MS, handsOn: 'entries' } as const
  const resources = opened.move()
  return {
    clock,
    store: openPortableStore(d1Batches(database, impatient), options),
    fail: (message: string) => void faults.push({ message, runs: false }),
    lose: (message: string) => void faults.push({ message, runs: true }),
    heal: () => void faults.splice(0),
    get batches() {
      return counter.batches
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
