import { join } from 'node:path'

/** Compiles a C file of this folder. Needs a C compiler. */
export function compileC(source: string, output: string, flags: readonly string[] = []): void {
  if (Bun.which('cc') === null) {
    throw new Error('a C compiler is missing: apt-get install gcc libc6-dev')
  }
  const path = join(import.meta.dir, source)
  const built = Bun.spawnSync(['cc', '-O2', ...flags, '-o', output, path, '-lm'])
  if (!built.success) throw new Error(`cc failed:\n${built.stderr.toString()}`)
}
