import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory for the files of a benchmark. */
export interface Workspace extends Disposable {
  readonly path: string
}

/** Makes a directory below `parent`. It is removed when the process is interrupted, too. */
export function makeWorkspace(parent = tmpdir()): Workspace {
  const path = mkdtempSync(join(parent, 'inlet-bench-'))
  const remove = () => rmSync(path, { recursive: true, force: true })
  process.on('exit', remove)
  return {
    path,
    [Symbol.dispose]() {
      process.off('exit', remove)
      remove()
    },
  }
}
