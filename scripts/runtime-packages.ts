/** What the binary contains besides our own code, read from bun.lock and node_modules. */
import { join } from 'node:path'
import { JSONC } from 'bun'

const ROOT = join(import.meta.dir, '..')

/** A package of which code or declarations are in the binary. */
export interface RuntimePackage {
  readonly name: string
  readonly version: string
  /** SPDX, as the package says. */
  readonly license: string
  /** As in the lock file: `sha512-<base64>`. */
  readonly integrity: string
  readonly folder: string
  /** The names of those that it depends on itself. */
  readonly dependencies: readonly string[]
}

/** No dependency of ours, but `inlet init` writes its declarations of bun:test. */
const EMBEDDED = ['bun-types']

type Dependencies = Readonly<Record<string, string>>
interface LockedDetails {
  readonly dependencies?: Dependencies
}

interface Lock {
  readonly workspaces: { readonly ''?: LockedDetails }
  /** Resolution, registry, details, integrity; by name, or by path where versions differ. */
  readonly packages: Readonly<Record<string, [string, string, LockedDetails, string]>>
}

/** The runtime dependencies with all of theirs, in the order of their names. */
export async function runtimePackages(): Promise<RuntimePackage[]> {
  const lock = JSONC.parse(await Bun.file(join(ROOT, 'bun.lock')).text()) as Lock
  const found = new Map<string, RuntimePackage>()
  const waiting = [...Object.keys(lock.workspaces['']?.dependencies ?? {}), ...EMBEDDED]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue
    const entry = lock.packages[name]
    if (entry === undefined) throw new Error(`${name} is not in bun.lock: run bun install`)
    const [resolution, , details, integrity] = entry
    const folder = join(ROOT, 'node_modules', name)
    const manifest = (await Bun.file(join(folder, 'package.json')).json()) as { license?: string }
    const dependencies = EMBEDDED.includes(name) ? [] : Object.keys(details.dependencies ?? {})
    for (const dependency of dependencies) {
      // A second version stands under the path of its dependent. We have none, and want none.
      if (lock.packages[`${name}/${dependency}`] === undefined) continue
      throw new Error(`${name} has a ${dependency} of its own: teach this script to list both`)
    }
    found.set(name, {
      name,
      version: resolution.slice(resolution.lastIndexOf('@') + 1),
      license: manifest.license ?? 'unknown',
      integrity,
      folder,
      dependencies,
    })
    waiting.push(...dependencies)
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
