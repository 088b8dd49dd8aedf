/** How the documentation says that Inlet is started on Deno: by the task of deno.json. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import denoConfig from '../../deno.json' with { type: 'json' }

const ROOT = join(import.meta.dir, '../..')

/** What Deno has compiled, from one start to the next. */
export const DENO_ENV = { DENO_DIR: join(ROOT, 'node_modules/.cache/deno') }

/** The command of the task, in any folder, without a process between: a signal has to reach it. */
export function denoCommand(): readonly string[] {
  const [, run = '', ...options] = denoConfig.tasks.start.split(' ')
  const entry = options.pop() ?? ''
  return [denoPath(), run, '--config', join(ROOT, 'deno.json'), ...options, join(ROOT, entry)]
}

/** The program itself, of the package that is made for this machine. */
export function denoPath(): string {
  const install = createRequire(import.meta.url)('deno/install_api.cjs') as {
    runInstall(): string
  }
  return install.runInstall()
}
