/**
 * The files that `inlet init` writes: a handler with its test, and what an editor, the checker and
 * the tests have to know of Inlet where there is no node_modules. The build puts them into the
 * binary; in a checkout `inlet init` runs this file, which prints them as one JSON object.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'

const ROOT = join(import.meta.dir, '..')
const MODULES = join(ROOT, 'node_modules')

/** Text by path, from the folder that is written into. */
export type StarterFiles = Readonly<Record<string, string>>

const TSCONFIG = `{
  // What \`inlet check\` and your editor go by. types/ holds all that they need.
  "compilerOptions": {
    "lib": ["ESNext", "WebWorker"],
    "types": [],
    "module": "Preserve",
    "moduleResolution": "bundler",
    "moduleDetection": "force",
    "paths": {
      "inlet": ["./types/inlet/gateway"],
      "zod": ["./types/zod/index"],
      "zod/v4": ["./types/zod/index"]
    },
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "verbatimModuleSyntax": true,
    "noUncheckedIndexedAccess": true,
    "skipLibCheck": true,
    "strict": true
  },
  "include": ["handlers", "test", "types"]
}
`

const ENV_EXAMPLE = `# Copy to .env, fill in, and keep it out of git.
# A shell reads it with: set -a; . ./.env; set +a
# systemd (EnvironmentFile=) and Docker (env_file:) read it as it is.
# \`inlet serve --help\` lists every variable.

KAFKA_BROKERS=127.0.0.1:9092

# The secret that you typed into GitHub's webhook settings. A source without a secret is not served.
INLET_SECRET_GITHUB=

# Further sources need no handler file: name, or name=provider.
# INLET_SOURCES=stripe,shop=shopify
# INLET_SECRET_STRIPE=
# INLET_SECRET_SHOP=
`

/** Merges with @types/node, where somebody installs it. */
const RUNTIME_TYPES = `// What a handler file may read of its surroundings. For more of Bun:
// bun add -d @types/bun, and "types": ["bun"] in tsconfig.json.
declare namespace NodeJS {
  interface ProcessEnv {
    readonly [name: string]: string | undefined
  }
  interface Process {
    readonly env: ProcessEnv
  }
}
declare var process: NodeJS.Process
`

const GITIGNORE = `.env
data/
`

/** Everything that `inlet init` writes. */
export async function starterFiles(): Promise<StarterFiles> {
  const handler = await Bun.file(join(ROOT, 'handlers/github.ts')).text()
  const handlerTest = await Bun.file(join(ROOT, 'test/handlers/github.test.ts')).text()
  return {
    'handlers/github.ts': handler,
    'test/github.test.ts': handlerTest.replace("'../../handlers/", "'../handlers/"),
    'tsconfig.json': TSCONFIG,
    '.env.example': ENV_EXAMPLE,
    '.gitignore': GITIGNORE,
    ...(await inletFiles()),
    ...(await zodFiles()),
    'types/runtime.d.ts': RUNTIME_TYPES,
    'types/bun-test.d.ts': await Bun.file(join(MODULES, 'bun-types/test.d.ts')).text(),
  }
}

/** The declarations of `src/gateway.ts`, and its code for the tests of handlers. */
async function inletFiles(): Promise<StarterFiles> {
  const out = await mkdtemp(join(tmpdir(), 'inlet-types-'))
  try {
    const emit = ['--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--outDir', out]
    const options = '--allowImportingTsExtensions --skipLibCheck --strict --types bun --lib ESNext'
    const exact = '--exactOptionalPropertyTypes'
    const modules = '--module Preserve --moduleResolution bundler --moduleDetection force'
    const tsc = Bun.spawnSync(
      [
        join(MODULES, '.bin/tsc'),
        'src/gateway.ts',
        '--ignoreConfig',
        ...emit,
        ...`${options} ${exact} ${modules} --rootDir src`.split(' '),
      ],
      { cwd: ROOT },
    )
    if (!tsc.success) throw new Error(`no types: ${tsc.stdout.toString()}${tsc.stderr.toString()}`)
    return {
      ...(await declarations(out, 'gateway.d.ts', 'types/inlet')),
      'types/inlet/gateway.js': await bundle('src/gateway.ts', ['zod']),
    }
  } finally {
    await rm(out, { recursive: true })
  }
}

async function zodFiles(): Promise<StarterFiles> {
  return {
    ...(await declarations(join(MODULES, 'zod'), 'index.d.ts', 'types/zod')),
    'types/zod/index.js': await bundle('node_modules/zod/index.js', []),
    'types/zod/LICENSE': await Bun.file(join(MODULES, 'zod/LICENSE')).text(),
  }
}

/** A declaration file with all that it imports from its own folder and below, under `target`. */
async function declarations(
  folder: string,
  entry: string,
  target: string,
): Promise<Record<string, string>> {
  const found = new Map<string, string>()
  const waiting = [entry]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue
    const text = await Bun.file(join(folder, path)).text()
    found.set(path, text)
    const imports = text.matchAll(/\b(?:from|import)\s*\(?\s*["'](\.[^"']+)\.(?:js|ts)["']/g)
    for (const [, name = ''] of imports) waiting.push(posix.join(dirname(path), `${name}.d.ts`))
  }
  return Object.fromEntries(
    [...found].map(([path, text]) => [posix.join(target, path), text] as const),
  )
}

async function bundle(entry: string, external: string[]): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [join(ROOT, entry)],
    external,
    target: 'bun',
    minify: true,
  })
  const [output] = outputs
  if (output === undefined) throw new Error(`${entry} made no bundle`)
  return output.text()
}

if (import.meta.main) process.stdout.write(JSON.stringify(await starterFiles()))
