import { expect, test } from 'bun:test'
import type { Statement } from '../../../db/portable/batches.ts'
import { openNodeSqlite, type NodeSqlite } from '../../../db/portable/node-sqlite.ts'
import { STORAGE_CASES } from '../../conformance/storage-cases.ts'
import { openPortableRig } from '../../conformance/storage-portable.ts'
import { makeTempDir } from '../../support/temp.ts'

/** Tables with a row for each event, or more. */
const LARGE = /^SCAN (inbox|outbox|outbox_exceptions|chunks|identities|variants|batches|x)\b/

test('no statement reads a table whole: D1 bills each row that is read', async () => {
  const statements = new Map<string, Statement>()
  await using dir = await makeTempDir()
  for (const [at, { run }] of STORAGE_CASES.entries()) {
    await using rig = await openPortableRig((now) => {
      const sqlite = open(`${dir.path}/${at}`, now)
      return {
        close: () => sqlite.close(),
        batch(batch) {
          for (const each of batch) if (each.params.length > 0) statements.set(each.sql, each)
          return sqlite.batch(batch)
        },
      }
    })
    await run(rig)
  }

  using sqlite = open(`${dir.path}/plans`, 1)
  const scans: string[] = []
  for (const { sql, params } of statements.values()) {
    const [plan = []] = await sqlite.batch([{ sql: `EXPLAIN QUERY PLAN ${sql}`, params }])
    const steps = plan.map(({ detail }) => String(detail))
    scans.push(...steps.filter((step) => LARGE.test(step)).map((step) => `${step}: ${sql}`))
  }
  expect(scans).toEqual([])
  // That many there are: a list of nothing would keep every rule.
  expect(statements.size).toBeGreaterThan(30)
})

function open(directory: string, now: number): NodeSqlite {
  const onFatal = (error: Error) => {
    throw error
  }
  return openNodeSqlite({ directory, now, onFatal })
}
