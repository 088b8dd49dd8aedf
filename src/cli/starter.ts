import { join } from 'node:path'

/** Set by the build: the files of scripts/starter-files.ts as JSON. A checkout makes them anew. */
declare const INLET_STARTER: string | undefined

/** The files that `inlet init` writes, text by path. */
export function starterFiles(): ReadonlyMap<string, string> {
  const json = typeof INLET_STARTER === 'string' ? INLET_STARTER : makeStarter()
  return new Map(Object.entries(JSON.parse(json) as Record<string, string>))
}

function makeStarter(): string {
  const script = join(import.meta.dir, '../../scripts/starter-files.ts')
  const made = Bun.spawnSync([process.execPath, script])
  if (!made.success) throw new Error(made.stderr.toString())
  return made.stdout.toString()
}
