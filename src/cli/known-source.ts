import type { Environment } from '../settings/config.ts'
import { askApi } from './admin.ts'
import { orRather } from './arguments.ts'
import { UsageError } from './command.ts'

/**
 * Whatever is asked of a source that the running gateway does not have is answered with nothing: a
 * name that is misspelt must not look like a source that is quiet.
 *
 * @throws UsageError where there is none of this name, with the one that is most like it.
 */
export async function checkSource(env: Environment, name: string): Promise<void> {
  const { Overview } = await import('../admin-api/admin-api.ts')
  const { sources } = await askApi(env, { path: '/api/overview', schema: Overview })
  const names = sources.map((source) => source.name)
  if (!names.includes(name)) {
    throw new UsageError(`the gateway has no source "${name}"${orRather(name, names)}`)
  }
}
