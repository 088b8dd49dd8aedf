/** How the program is compiled into one file, for this machine or for another. */
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { dashboardFiles } from './dashboard-files.ts'
import { starterFiles } from './starter-files.ts'

const ROOT = join(import.meta.dir, '..')

export interface CompileOptions {
  readonly outfile: string
  /** What it shall run on, e.g. `bun-linux-arm64-musl`. Default: this machine. */
  readonly target?: Bun.Build.CompileTarget
}

/** Compiles the working tree. Throws where a module does not resolve. */
export async function compile({ outfile, target }: CompileOptions): Promise<void> {
  await Bun.build({
    entrypoints: entrypoints(),
    // Side by side: in the binary `new URL('./x-worker.ts', import.meta.url)` starts at its root,
    // whatever file it is in.
    naming: '[name].[ext]',
    target: 'bun',
    minify: true,
    sourcemap: 'inline',
    // Already parsed, for 11 MB more: a start takes a third of the CPU. Only where it is tried: for
    // the architecture that it is built on.
    format: 'esm',
    bytecode: target === undefined || target.includes(process.arch),
    define: {
      INLET_COMMIT: JSON.stringify(commit()),
      INLET_DASHBOARD: JSON.stringify(JSON.stringify(await dashboardFiles())),
      INLET_STARTER: JSON.stringify(JSON.stringify(await starterFiles())),
    },
    // What lies in the folder where it runs must not configure it: .env, or bunfig.toml, whose
    // preload runs code.
    compile: {
      outfile,
      ...(target === undefined ? {} : { target }),
      autoloadDotenv: false,
      autoloadBunfig: false,
    },
  })
  // They are in the binary as well; beside it they are of no use.
  for (const map of new Bun.Glob('*.map').scanSync(dirname(outfile))) {
    await rm(join(dirname(outfile), map))
  }
}

/** The entry, and the threads that it starts: they are bundles of their own within the binary. */
function entrypoints(): string[] {
  const workers = new Bun.Glob('{src,db}/**/*-worker.ts').scanSync({ cwd: ROOT })
  return ['src/main.ts', ...[...workers].toSorted()].map((path) => join(ROOT, path))
}

/**
 * The commit that is built, marked where the tree differs from it; `unknown` outside a clone.
 * COMMIT says it where there is no clone: in the build of the image.
 */
export function commit(): string {
  if (process.env['COMMIT']) return process.env['COMMIT']
  const described = Bun.spawnSync(['git', 'describe', '--always', '--dirty', '--abbrev=12'], {
    cwd: ROOT,
  })
  return described.success ? described.stdout.toString().trim() : 'unknown'
}
