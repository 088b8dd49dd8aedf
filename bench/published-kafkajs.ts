import { cpSync, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

const PATCH = join(import.meta.dir, '..', 'patches', 'kafkajs@2.2.4.patch')

/**
 * kafkajs as its authors publish it, without what patches/ adds to it: what we measure against is
 * what anybody gets. Returns the path to import it from, which is below `directory`.
 */
export function publishedKafkajs(directory: string): string {
  const path = join(directory, 'kafkajs')
  if (existsSync(path)) return path
  cpSync(dirname(Bun.resolveSync('kafkajs', import.meta.dir)), path, { recursive: true })
  const undone = Bun.spawnSync(['git', 'apply', '--reverse', PATCH], {
    cwd: path,
    // Or git takes the paths for those of a repository around it.
    env: { ...process.env, GIT_CEILING_DIRECTORIES: directory },
  })
  if (!undone.success) throw new Error(`git apply failed:\n${undone.stderr.toString()}`)
  return path
}
