// Everything that can be said about the code without running it: `bun run check`.
// One line for each check, and the whole output of those that fail.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dir, '..')

const CHECKS = [
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'browser', command: ['tsc', '--noEmit', '-p', 'src/dashboard'] },
  { name: 'lint', command: ['oxlint'] },
  { name: 'format', command: ['oxfmt', '--check'] },
  { name: 'unused', command: ['knip', '--no-progress', '--no-config-hints'] },
  { name: 'rows', command: ['bun', 'scripts/catalogue.ts', '--check'] },
  { name: 'docs', command: ['bun', 'scripts/docs.ts', '--check'] },
  { name: 'licences', command: ['bun', 'scripts/licenses.ts', '--check'] },
  { name: 'tidy', command: ['bun', 'test', 'test/tidy.test.ts'] },
] as const

type Check = (typeof CHECKS)[number]

/** Runs a check and tells in one line how it went; true if it passed. */
async function run({ name, command }: Check): Promise<boolean> {
  const start = performance.now()
  const child = Bun.spawn([...command], {
    cwd: ROOT,
    env: { ...process.env, PATH: `${join(ROOT, 'node_modules', '.bin')}:${process.env['PATH']}` },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()])
  const passed = (await child.exited) === 0
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  if (!passed) process.stdout.write(`${out}${err}\n`)
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name.padEnd(8)} ${seconds} s  ${command.join(' ')}`)
  return passed
}

async function main(): Promise<number> {
  if (!existsSync(join(ROOT, 'node_modules', '.bin', 'tsc'))) {
    console.error('nothing is installed: run ./scripts/bun.sh install --frozen-lockfile first')
    return 1
  }
  const results = await Promise.all(CHECKS.map(run))
  return results.every(Boolean) ? 0 : 1
}

process.exitCode = await main()
