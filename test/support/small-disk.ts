import { tmpdir } from 'node:os'
import { makeTempDir, type TempDir } from './temp.ts'

/** Root in an ordinary container may not: it lacks CAP_SYS_ADMIN. Mounted where it goes at once. */
const PROBE = ['unshare', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()] as const

/** Whether this process may mount a file system. */
export const mayMount = Bun.which(PROBE[0]) !== null && Bun.spawnSync([...PROBE]).success

/** A file system of `mebibytes` in memory, unmounted when it is disposed of. */
export async function mountSmallDisk(mebibytes: number): Promise<TempDir> {
  const dir = await makeTempDir()
  const options = ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', dir.path]
  const mounted = Bun.spawnSync(['mount', ...options])
  if (!mounted.success) {
    await dir[Symbol.asyncDispose]()
    throw new Error(mounted.stderr.toString())
  }
  return {
    path: dir.path,
    async [Symbol.asyncDispose]() {
      // Lazily: the garbage collector closes the last prepared statement, and with it the
      // file, when it likes.
      Bun.spawnSync(['umount', '--lazy', dir.path])
      await dir[Symbol.asyncDispose]()
    },
  }
}
