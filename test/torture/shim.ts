import { join } from 'node:path'

/** What the shim is to do to a gateway: see disk-shim.c. */
export interface ShimFaults {
  /** Where everything is written down. */
  readonly log?: string
  readonly syncUs?: number
  /** fdatasync does nothing, and says that it did. */
  readonly lies?: boolean
  /** `call:error:nth:count`. */
  readonly fail?: string
  /** This file is created when the first call fails. */
  readonly hit?: string
  /** No call counts before there is this file. */
  readonly armed?: string
}

/** Stands between a process and the files below a directory. */
export interface Shim {
  /** What the process must find in its environment. */
  env(directory: string, faults: ShimFaults): Readonly<Record<string, string>>
}

/** Builds what is preloaded, and returns its path. Needs Linux and a C compiler. */
export function buildLibrary(source: string, directory: string): string {
  if (Bun.which('cc') === null) {
    throw new Error('this torture needs a C compiler: apt-get install gcc libc6-dev')
  }
  const library = join(directory, source.replace(/\.c$/, '.so'))
  const command = ['cc', '-shared', '-fPIC', '-O2', '-o', library, join(import.meta.dir, source)]
  const built = Bun.spawnSync(command)
  if (!built.success) throw new Error(`cc failed:\n${built.stderr.toString()}`)
  return library
}

/** Builds the library that fails and records. */
export function buildShim(directory: string): Shim {
  const library = buildLibrary('disk-shim.c', directory)
  return {
    env: (watched, { log, syncUs, lies, fail, hit, armed }) => ({
      LD_PRELOAD: library,
      SHIM_DIR: watched,
      ...(log !== undefined && { SHIM_LOG: log }),
      ...(syncUs !== undefined && { SHIM_SYNC_US: String(syncUs) }),
      ...(lies === true && { SHIM_LIE: '1' }),
      ...(fail !== undefined && { SHIM_FAIL: fail }),
      ...(hit !== undefined && { SHIM_HIT: hit }),
      ...(armed !== undefined && { SHIM_ARMED: armed }),
    }),
  }
}
