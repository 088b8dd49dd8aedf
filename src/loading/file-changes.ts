/** Notices that files have changed, by what they hold. */
import { existsSync, readdirSync, readFileSync, statSync, watch } from 'node:fs'
import type { Dirent, FSWatcher } from 'node:fs'
import { dirname, join } from 'node:path'

/** What is watched: every file below the directory, and the files. */
export interface Watched {
  readonly directory: string
  readonly files: readonly string[]
}

/** What the watched files hold, by path. */
export type Contents = ReadonlyMap<string, string>

/** Reads what is there now. A file that cannot be read counts as missing. */
export function readContents({ directory, files }: Watched): Contents {
  return new Map([...listFiles(directory), ...files].flatMap(hashed))
}

function hashed(path: string): [string, string][] {
  try {
    return [[path, new Bun.CryptoHasher('sha256').update(readFileSync(path)).digest('hex')]]
  } catch {
    return []
  }
}

/** What handler files are and import. */
const READ = /\.(?:[cm]?[jt]sx?|json|txt)$/

/**
 * Code and data that handler files may import; packages beside them are installed, not edited.
 * Links to folders are not followed, and a folder that cannot be read holds nothing.
 */
function listFiles(directory: string): string[] {
  return entriesOf(directory).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : listFiles(path)
    return READ.test(entry.name) ? [path] : []
  })
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    return []
  }
}

/** Names what handlers are made of: the same for the same files, wherever they lie. */
export function nameContents(contents: Contents): string {
  const hashes = [...contents.values()].toSorted()
  return new Bun.CryptoHasher('sha256').update(hashes.join(' ')).digest('hex')
}

/** The paths that were added, changed or removed. */
export function changedPaths(before: Contents, after: Contents): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()])
  return [...paths].filter((path) => before.get(path) !== after.get(path)).toSorted()
}

/**
 * Calls `onChange` when something happens in the directories of what is watched: also where a
 * secret manager renames a new file over the old one, or Kubernetes swaps the link `..data`. What
 * is not there yet is not watched. Returns how to stop.
 *
 * @throws Error Where the system has no more watches to give.
 */
export function watchFiles({ directory, files }: Watched, onChange: () => void): () => void {
  const watchers: FSWatcher[] = []
  function add(path: string, options: { recursive: boolean }, isOurs: (name: string) => boolean) {
    if (!existsSync(path) || !statSync(path).isDirectory()) return
    const watcher = watch(path, options, (_event, name) => {
      // A directory that goes away has no name for what happened.
      if (typeof name !== 'string' || isOurs(name)) onChange()
    })
    // One that ends by itself, because its directory went away, is replaced at the next reload.
    watchers.push(watcher.on('error', () => undefined))
  }
  add(directory, { recursive: true }, mayBeRead)
  for (const parent of new Set(files.map((file) => dirname(file)))) {
    add(parent, { recursive: false }, () => true)
  }
  return () => {
    for (const watcher of watchers) watcher.close()
  }
}

/** Also a folder, and a link such as `..data`; not a database that somebody keeps in there. */
function mayBeRead(name: string): boolean {
  return READ.test(name) || name.startsWith('..') || !/\.[^./]+$/.test(name)
}
