import { join, posix } from 'node:path'

const ROOT = join(import.meta.dir, '../..')

/** A file of ours that a program consists of. */
export interface GraphFile {
  /** From the root of the tree, with `/`. */
  readonly path: string
  /** What it does, without comments and types. */
  readonly code: string
  /** The modules of others that it imports. */
  readonly foreign: readonly string[]
}

/** All files that are loaded with these; what is imported for its types alone is not loaded. */
export async function importGraph(entries: readonly string[]): Promise<readonly GraphFile[]> {
  const files = new Map<string, GraphFile>()
  const transpiler = new Bun.Transpiler({ loader: 'ts' })

  async function visit(path: string): Promise<void> {
    if (files.has(path)) return
    const text = await Bun.file(join(ROOT, path)).text()
    const specifiers = transpiler.scanImports(text).map((each) => each.path)
    const [own, foreign] = [
      specifiers.filter((specifier) => specifier.startsWith('.')),
      specifiers.filter((specifier) => !specifier.startsWith('.')),
    ]
    const code = path.endsWith('.ts') ? transpiler.transformSync(text) : ''
    files.set(path, { path, code, foreign })
    for (const specifier of own.filter((each) => each.endsWith('.ts'))) {
      await visit(posix.join(posix.dirname(path), specifier))
    }
  }

  for (const entry of entries) await visit(entry)
  return [...files.values()]
}
