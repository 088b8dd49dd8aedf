import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DATABASE_FILE, openDatabase } from '../../db/open.ts'
import { manualClock } from '../support/manual-clock.ts'
import { countSkipped } from '../support/servers.ts'
import { makeTempDir } from '../support/temp.ts'
import { buildShim } from '../torture/shim.ts'
import { storedIds } from './world.ts'

const SCRIPT = join(import.meta.dir, 'fail-a-write.ts')

/** What is done, and which of its calls fails: of the two ftruncates the first is the copy's. */
const FAILURES = [
  ['deleting', 'pwrite', 1],
  ['giving pages back', 'pwrite', 1],
  ['keeping rhythms', 'pwrite', 1],
  ['copying the WAL, and giving it back', 'ftruncate', 1],
  ['copying the WAL, and giving it back', 'ftruncate', 2],
] as const

const mayPreload = process.platform === 'linux' && Bun.which('cc') !== null
if (!mayPreload) countSkipped('a C compiler on Linux')

test.skipIf(!mayPreload).each(FAILURES)(
  'where the disk fails in %s (%s %i), nothing more is acknowledged or copied',
  async (what, call, nth) => {
    await using dir = await makeTempDir()
    const data = join(dir.path, 'data')
    mkdirSync(data, { mode: 0o700 })
    const path = join(data, DATABASE_FILE)
    const armed = join(dir.path, 'armed')
    const hit = join(dir.path, 'hit')
    // EIO, and only once: the next write would succeed.
    const faults = { fail: `${call}:5:${nth}:1`, hit, armed }
    const child = Bun.spawn([process.execPath, SCRIPT, what, path, armed], {
      env: { ...process.env, ...buildShim(dir.path).env(data, faults) },
      stdout: 'pipe',
    })
    const told = await child.stdout.text()
    await child.exited
    expect(existsSync(hit)).toBe(true)
    expect(JSON.parse(told)).toEqual({
      next: 'STORAGE_FAILED',
      fatal: [expect.stringContaining('STORAGE_FAILED')],
      isTrusted: false,
    })
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0)

    using next = openDatabase({ path, clock: manualClock() })
    expect(storedIds(next)).toContain('before')
    expect(storedIds(next)).not.toContain('after')
    expect(next.client.query('PRAGMA integrity_check').values()).toEqual([['ok']])
  },
  30_000,
)
