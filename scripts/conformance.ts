// Runs every suite that holds on all runtimes, on all of them, against a real Kafka and a real
// Redis, and writes what came of it for docs/runtimes.md: `bun run conformance`. They are a part of
// ./scripts/test.sh, too, which writes nothing.
import { join } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }
import { systemClock } from '../src/clock.ts'
import { readRun, titleOf, writeResults } from '../test/conformance/results.ts'
import { makeTempDir } from '../test/support/temp.ts'
import { commit } from './compile.ts'

const ROOT = join(import.meta.dir, '..')

/** Where the suites are held against something. */
const TESTS = ['test/runtimes', 'test/idempotency', 'test/db/storage.test.ts']

const { deno, miniflare } = packageJson.devDependencies

async function main(): Promise<number> {
  await using folder = await makeTempDir()
  const file = join(folder.path, 'results')
  const command = ['scripts/with-servers.ts', '--', 'bun', 'test', ...TESTS]
  const child = Bun.spawn([process.execPath, ...command], {
    cwd: ROOT,
    env: { ...process.env, CONFORMANCE_RESULTS: file },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if ((await child.exited) !== 0) return 1
  const results = readRun(file)
  writeResults({
    date: new Date(systemClock.now()).toISOString().slice(0, 10),
    commit: commit(),
    versions: { bun: Bun.version, miniflare, deno },
    results,
  })
  for (const result of results) {
    const skipped = result.cases.filter(({ skipped }) => skipped !== undefined).length
    console.log(`${titleOf(result)}: ${result.cases.length - skipped} passed, ${skipped} skipped`)
  }
  console.log('now `bun run docs` writes docs/runtimes.md')
  return 0
}

process.exitCode = await main()
