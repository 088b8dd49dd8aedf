import { test } from 'bun:test'
import { countSkipped } from './servers.ts'
import { mayMount } from './small-disk.ts'

/** `test` for what needs a file system of its own, e.g. a small one; skipped where none can be. */
export function testWithMounts(name: string, fn: () => Promise<void>): void {
  if (mayMount) return test(name, fn)
  countSkipped('the right to mount')
  test.skip(`${name} (needs to mount)`, fn)
}
