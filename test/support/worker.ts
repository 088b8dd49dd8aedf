/** The Worker in the real workerd, with the real D1: what `wrangler deploy` would deploy. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Log, LogLevel, Miniflare } from 'miniflare'
import type { D1 } from '../../db/portable/d1.ts'
import { makeTempDir } from './temp.ts'

const ROOT = join(import.meta.dir, '../..')
const LOG_POLL_MS = 5
const MIGRATIONS = join(ROOT, 'db/migrations')

/** A Worker as wrangler bundles it. */
export interface Bundle {
  readonly script: string
  /** Of every file in it, and what it leaves to the runtime: esbuild's. */
  readonly metafile: {
    readonly inputs: Readonly<
      Record<string, { readonly imports: readonly { path: string; external?: boolean }[] }>
    >
  }
}

const bundles = new Map<string, Promise<Bundle>>()

/** Bundles the Worker with the handlers of a directory, once in a run of all tests. */
export function bundledWorker(handlersDirectory: string): Promise<Bundle> {
  const known = bundles.get(handlersDirectory) ?? bundle(handlersDirectory)
  bundles.set(handlersDirectory, known)
  return known
}

/** As wrangler.toml says; `main` is the text of another entry than its own. */
export async function bundle(handlersDirectory: string, main?: string): Promise<Bundle> {
  await using folder = await makeTempDir()
  const list = join(folder.path, 'handlers.ts')
  const { PATH = '', HOME = '' } = process.env
  const env = { PATH, HOME, INLET_HANDLERS_DIR: handlersDirectory }
  run(['scripts/edge-handlers.ts', list], env)
  const own = join(folder.path, 'main.ts')
  if (main !== undefined) writeFileSync(own, main)
  const metafile = join(folder.path, 'meta.json')
  run(
    [
      'node_modules/wrangler/bin/wrangler.js',
      'deploy',
      ...(main === undefined ? [] : [own]),
      '--dry-run',
      '--config=wrangler.toml',
      `--outdir=${folder.path}`,
      `--metafile=${metafile}`,
      `--alias=inlet/handlers:${list}`,
    ],
    { ...env, CI: '1', WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: folder.path },
  )
  return {
    script: readFileSync(
      join(folder.path, main === undefined ? 'cloudflare.js' : 'main.js'),
      'utf8',
    ),
    metafile: JSON.parse(readFileSync(metafile, 'utf8')) as Bundle['metafile'],
  }
}

function run(command: readonly string[], env: Readonly<Record<string, string>>): void {
  const done = spawnSync(process.execPath, [...command], { cwd: ROOT, env, encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${command[0]} failed:\n${done.stdout}${done.stderr}`)
}

export interface WorkerOptions {
  readonly handlersDirectory: string
  /** The variables and secrets of the Worker. */
  readonly env: Readonly<Record<string, string>>
}

/** A Worker that listens. */
export interface TestWorker extends AsyncDisposable {
  readonly url: string
  /** Resolves once it has logged a line with this text: lines come by a pipe, and later. */
  logged(text: string): Promise<void>
  database(): Promise<D1>
  /** What the schedule does, once it is done. */
  schedule(): Promise<void>
  /** Ends workerd without a word, and starts it again on the same database. */
  crash(): Promise<void>
}

/** A script in workerd. */
export interface Workerd extends AsyncDisposable {
  readonly url: string
  database(): Promise<D1>
}

export interface WorkerdOptions {
  readonly script: string
  readonly env: Readonly<Record<string, string>>
  /** Where D1 keeps its database. Default: in memory. */
  readonly folder?: string
  readonly log?: string[]
}

/** Starts a script as wrangler.toml says. */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const { script, env, folder, log = [] } = options
  const { compatibility_date: compatibilityDate, compatibility_flags: compatibilityFlags } =
    wrangler()
  const started = new Miniflare({
    modules: [{ type: 'ESModule', path: 'cloudflare.js', contents: script }],
    compatibilityDate,
    compatibilityFlags,
    d1Databases: { DB: 'inlet' },
    ...(folder === undefined ? {} : { d1Persist: folder }),
    bindings: env,
    host: '127.0.0.1',
    port: 0,
    unsafeTriggerHandlers: true,
    log: new Log(LogLevel.NONE),
    handleRuntimeStdio(stdout: NodeJS.ReadableStream, stderr: NodeJS.ReadableStream) {
      for (const stream of [stdout, stderr]) {
        stream.on('data', (chunk: Buffer) => {
          log.push(
            ...chunk
              .toString()
              .split('\n')
              .filter((line) => line !== ''),
          )
        })
      }
    },
  })
  return {
    url: (await started.ready).origin,
    // Its own type names types of Cloudflare that are not installed.
    database: () => started.getD1Database('DB') as Promise<D1>,
    [Symbol.asyncDispose]: () => started.dispose(),
  }
}

/** Starts the Worker on a database of its own, with the migrations applied. */
export async function startWorker({ handlersDirectory, env }: WorkerOptions): Promise<TestWorker> {
  const { script } = await bundledWorker(handlersDirectory)
  await using opened = new AsyncDisposableStack()
  const { path: folder } = opened.use(await makeTempDir())
  const log: string[] = []
  const start = () => startWorkerd({ script, env, folder, log })
  let workerd = await start()
  opened.defer(() => workerd[Symbol.asyncDispose]())
  await migrate(await workerd.database())
  const resources = opened.move()
  return {
    get url() {
      return workerd.url
    },
    async logged(text) {
      while (!log.some((line) => line.includes(text))) await Bun.sleep(LOG_POLL_MS)
    },
    database: () => workerd.database(),
    async schedule() {
      const answer = await fetch(`${workerd.url}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`)
      const outcome = await answer.text()
      if (outcome !== 'ok') throw new Error(`the schedule ended with ${outcome}`)
    },
    async crash() {
      await workerd[Symbol.asyncDispose]()
      workerd = await start()
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

interface WranglerConfig {
  readonly compatibility_date: string
  readonly compatibility_flags: string[]
}

function wrangler(): WranglerConfig {
  return Bun.TOML.parse(readFileSync(join(ROOT, 'wrangler.toml'), 'utf8')) as WranglerConfig
}

/** As `wrangler d1 migrations apply` does: file by file, a statement after the other. */
async function migrate(database: D1): Promise<void> {
  const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql'))
  for (const file of files.toSorted()) {
    const statements = readFileSync(join(MIGRATIONS, file), 'utf8').split(
      '--> statement-breakpoint',
    )
    await database.batch(statements.map((sql) => database.prepare(sql.trim())))
  }
}
