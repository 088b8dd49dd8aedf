/** Runs the storage suite on Deno: a line of JSON for each case, its name and what went wrong. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { openNodeSqlite } from '../../db/portable/node-sqlite.ts'
import { messageOf } from '../../src/faults/faults.ts'
import { STORAGE_CASES } from '../conformance/storage-cases.ts'
import { openPortableRig } from '../conformance/storage-portable.ts'
import type { StorageCase } from '../conformance/storage-setup.ts'

for (const each of STORAGE_CASES) {
  const problem = await problemOf(each)
  process.stdout.write(`${JSON.stringify({ name: each.name, problem })}\n`)
}

async function problemOf({ run }: StorageCase): Promise<string | null> {
  const directory = await mkdtemp(join(tmpdir(), 'inlet-test-'))
  try {
    const onFatal = (error: Error) => process.stderr.write(`${error.message}\n`)
    await using rig = await openPortableRig((now) => openNodeSqlite({ directory, now, onFatal }))
    await run(rig)
    return null
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : messageOf(error)
  } finally {
    await rm(directory, { recursive: true })
  }
}
