/** The storage suite on D1, in workerd, and in node:sqlite, on Deno. */
import { afterAll, beforeAll } from 'bun:test'
import { Miniflare } from 'miniflare'
import { join } from 'node:path'
import { STORAGE_CASES } from '../conformance/storage-cases.ts'
import { describeStorageElsewhere } from '../conformance/storage.ts'
import { DENO_ENV, denoPath } from './deno-command.ts'

/** Long enough for a start on a loaded machine. */
const START_MS_MAX = 60_000

const MAIN = `
  import { runCase } from './storage-worker.js'
  export default { fetch: runCase }`

describeOnWorkerd()
describeOnDeno()

/** One Worker, with a database for each case. */
function describeOnWorkerd(): void {
  const databases = STORAGE_CASES.map((_, at) => `DB${at}`)
  let miniflare: Miniflare | undefined
  beforeAll(async () => {
    miniflare = new Miniflare({
      modules: [
        { type: 'ESModule', path: 'main.js', contents: MAIN },
        { type: 'ESModule', path: 'storage-worker.js', contents: await buildWorker() },
      ],
      compatibilityDate: '2026-04-01',
      compatibilityFlags: ['nodejs_compat'],
      d1Databases: databases,
    })
    await miniflare.ready
  }, START_MS_MAX)
  afterAll(() => miniflare?.dispose())

  describeStorageElsewhere({ runtime: 'workerd' }, async (name) => {
    const at = STORAGE_CASES.findIndex((each) => each.name === name)
    const url = `http://localhost/${databases[at]}?${encodeURIComponent(name)}`
    const response = await miniflare?.dispatchFetch(url)
    if (response?.status !== 200) throw new Error(await response?.text())
  })
}

async function buildWorker(): Promise<string> {
  const entrypoints = [join(import.meta.dir, 'storage-worker.ts')]
  const { outputs } = await Bun.build({ entrypoints, target: 'node' })
  const [output] = outputs
  if (output === undefined) throw new Error('it is built')
  return output.text()
}

/** One process for all of them: a start takes longer than a case. */
function describeOnDeno(): void {
  const problems = new Map<string, string | null>()
  beforeAll(async () => {
    const child = Bun.spawn(
      [denoPath(), 'run', '--allow-all', '--no-check', join(import.meta.dir, 'storage-deno.ts')],
      { stdout: 'pipe', stderr: 'inherit', env: { ...process.env, ...DENO_ENV } },
    )
    for (const line of (await child.stdout.text()).trimEnd().split('\n')) {
      const { name, problem } = JSON.parse(line) as { name: string; problem: string | null }
      problems.set(name, problem)
    }
  }, START_MS_MAX)

  describeStorageElsewhere({ runtime: 'Deno' }, async (name) => {
    const problem = problems.get(name)
    if (problem !== null) throw new Error(problem ?? 'it has not run')
    return Promise.resolve()
  })
}
