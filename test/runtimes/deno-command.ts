/** How the documentation says that Inlet is started on Deno. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Where the documented command is run. */
export const ROOT = join(import.meta.dir, '../..')

/** What Deno has compiled, from one start to the next. */
export const DENO_ENV = { DENO_DIR: join(ROOT, 'node_modules/.cache/deno') }

/** The command of docs/runtimes.md, word for word, for ROOT: a signal reaches what it starts. */
export function denoCommand(): readonly string[] {
  denoPath()
  const page = readFileSync(join(ROOT, 'docs/runtimes.md'), 'utf8')
  const [command] = /node_modules\S+ run (?:.*\\\n)*.*$/m.exec(page) ?? []
  if (command === undefined) throw new Error('docs/runtimes.md starts nothing on Deno')
  return command.replaceAll('\\\n', '').split(/\s+/)
}

/** The program itself, which the script of its package puts into place. */
export function denoPath(): string {
  const install = createRequire(import.meta.url)('deno/install_api.cjs') as {
    runInstall(): string
  }
  return install.runInstall()
}
