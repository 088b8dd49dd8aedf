/**
 * From the environment to what is to be served: configuration, handler files, sources.
 * Nothing is opened yet.
 */
import { systemClock } from '../clock.ts'
import type { Config, Environment } from '../settings/config.ts'
import { refuseEdgeSink } from '../settings/edge.ts'
import { nameContents, readContents } from '../loading/file-changes.ts'
import { handlersDirectory, loadHandlers } from '../loading/handler-files.ts'
import { forgetModules, tryHandlerFiles } from '../loading/trial.ts'
import type { FindKeys } from '../key-place.ts'
import { openKeyStore, type KeyStore } from '../keys/key-store.ts'
import { openCallOut } from '../outbound/call-out.ts'
import type { Served } from '../loading/reload.ts'
import { brokenHandlers, resolveServing } from './serving.ts'
import type { Source } from '../source.ts'

/** A configuration that holds, and the sources that it makes. */
export interface Setup extends Served {
  readonly config: Config
  /** What the sources verify with, where their providers publish keys. */
  readonly keys: KeyStore
  /** Only consumes: no port for deliveries is opened. Default: false. */
  readonly isWorker?: boolean
  /**
   * Makes the sources anew from the handler files and secret files as they are now; the variables
   * are those of the start. Rejects like `prepare`, and then nothing has changed.
   */
  readonly reload: (current: Served) => Promise<Served>
}

/**
 * Reads everything that decides what is served.
 *
 * @throws GatewayError CONFIG_INVALID with everything that is wrong, one line each;
 * HANDLER_INVALID where only handler files are.
 */
export async function prepare(env: Environment): Promise<Setup> {
  const clock = systemClock
  // Nothing is called before a delivery needs it.
  const keys = openKeyStore({ clock, callOut: openCallOut({ clock }) })
  return {
    ...(await serve(env, keys.find)),
    keys,
    async reload(current) {
      const trial = await tryHandlerFiles(handlersDirectory(env), systemClock)
      if (trial.problems.length > 0) throw brokenHandlers(trial.problems)
      forgetModules(trial.modules)
      return serve(env, keys.find, current.sources)
    },
  }
}

async function serve(
  env: Environment,
  findKeys: FindKeys,
  earlier?: ReadonlyMap<string, Source>,
): Promise<Omit<Setup, 'reload' | 'keys'>> {
  const directory = handlersDirectory(env)
  const handlersName = nameContents(readContents({ directory, files: [] }))
  const handlers = await loadHandlers(env)
  const { files, ...serving } = await resolveServing(env, { handlers, findKeys, earlier })
  refuseEdgeSink(serving.config)
  return { ...serving, watched: { directory, files }, handlersName }
}
