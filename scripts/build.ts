// Compiles the program into one file: `bun run build` makes dist/inlet.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

const ROOT = join(import.meta.dir, '..')
const OUTFILE = join(ROOT, 'dist', 'inlet')

/** The entry, and the threads that it starts: they are bundles of their own within the binary. */
function entrypoints(): string[] {
  const workers = new Bun.Glob('{src,db}/**/*-worker.ts').scanSync({ cwd: ROOT })
  return ['src/main.ts', ...workers].map((path) => join(ROOT, path))
}

/** The commit that is built, marked where the tree differs from it; `unknown` outside a clone. */
function commit(): string {
  const described = Bun.spawnSync(['git', 'describe', '--always', '--dirty', '--abbrev=12'], {
    cwd: ROOT,
  })
  return described.success ? described.stdout.toString().trim() : 'unknown'
}

await Bun.build({
  entrypoints: entrypoints(),
  // Side by side: in the binary `new URL('./x-worker.ts', import.meta.url)` starts at its root,
  // whatever file it is in.
  naming: '[name].[ext]',
  target: 'bun',
  minify: true,
  sourcemap: 'inline',
  define: { INLET_COMMIT: JSON.stringify(commit()) },
  // What lies in the folder where it runs must not configure it: .env, or bunfig.toml, whose
  // preload runs code.
  compile: { outfile: OUTFILE, autoloadDotenv: false, autoloadBunfig: false },
})

// They are in the binary as well; beside it they are of no use.
for (const map of new Bun.Glob('*.map').scanSync(join(ROOT, 'dist'))) {
  await rm(join(ROOT, 'dist', map))
}

const megabytes = (Bun.file(OUTFILE).size / 1e6).toFixed(1)
console.log(`dist/inlet ${megabytes} MB`)
