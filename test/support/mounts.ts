import { test } from 'bun:test'
import { tmpdir } from 'node:os'
import { countSkipped } from './servers.ts'

/** Root in an ordinary container may not: it lacks CAP_SYS_ADMIN. Mounted where it goes at once. */
const PROBE = ['unshare', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()] as const
const mayMount = Bun.which(PROBE[0]) !== null && Bun.spawnSync([...PROBE]).success

/** `test` for what needs a file system of its own, e.g. a small one; skipped where none can be. */
export function testWithMounts(name: string, fn: () => Promise<void>): void {
  if (mayMount) return test(name, fn)
  countSkipped('the right to mount')
  test.skip(`${name} (needs to mount)`, fn)
}
