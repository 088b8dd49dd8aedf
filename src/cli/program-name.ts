import { join, relative } from 'node:path'

const SCRIPT = join(import.meta.dir, '../../scripts/inlet')

/** How this program is called in a folder: as it is installed, or as the script of its checkout. */
export function programName(folder = process.cwd()): string {
  if (Bun.isStandaloneExecutable) return 'inlet'
  const path = relative(folder, SCRIPT)
  return path.startsWith('.') ? path : `./${path}`
}
