/** What the Worker weighs: its size, what it is made of, and its start. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WORKER_GZIP_BYTES_MAX, WORKER_START_CPU_MS_MAX } from '../../src/limits/edge.ts'
import { bundledWorker, startWorkerd } from '../support/worker.ts'

setDefaultTimeout(60_000)
const HANDLERS = join(import.meta.dir, '../../handlers')

/** Its start is a whole one: with the sources of its handlers, and nobody takes what is stored. */
const ENV = {
  INLET_SECRET_GITHUB: 'a-secret-of-the-tests-0123456789',
  INLET_SECRET_STRIPE: 'whsec_a-secret-of-the-tests-0123456789',
  INLET_SINK: 'forward',
  INLET_FORWARD_URL: 'http://127.0.0.1:9',
  INLET_FORWARD_SECRET: `whsec_${'A'.repeat(43)}=`,
}

/** What `nodejs_compat` gives, with its prefix or, in kafkajs, without. */
const OF_NODE = /^(node:)?(assert|buffer|crypto|events|fs|net|path|tls|util|zlib)$/

/** The clock of /proc. */
const MS_PER_TICK = 10

test('the Worker leaves nothing to the runtime that workerd lacks', async () => {
  const { metafile } = await bundledWorker(HANDLERS)
  const inputs = Object.entries(metafile.inputs)
  const foreign = inputs.flatMap(([, { imports }]) =>
    imports.filter(({ external }) => external === true).map(({ path }) => path),
  )
  const others = foreign.filter((path) => !OF_NODE.test(path) && path !== '<runtime>')

  expect([...new Set(others)]).toEqual([])
  const files = inputs.map(([file]) => file)
  expect(files.filter((file) => /\b(ioredis|bun|drizzle-orm|preact)\//.test(file))).toEqual([])
  // The operator's, too.
  expect(files).toContain('handlers/github.ts')
})

test('the Worker is small', async () => {
  const { script } = await bundledWorker(HANDLERS)
  const bytes = Bun.gzipSync(Buffer.from(script)).byteLength

  expect(bytes).toBeLessThan(WORKER_GZIP_BYTES_MAX)
})

test.skipIf(process.platform !== 'linux')(
  'the Worker starts within what Cloudflare allows',
  async () => {
    const { script } = await bundledWorker(HANDLERS)
    const bare = await startCpuMs('export default { fetch: () => Response.json({ ok: true }) }')
    const whole = await startCpuMs(script)

    expect(whole - bare).toBeLessThan(WORKER_START_CPU_MS_MAX)
  },
)

/** Time of the processor: what else this machine does meanwhile does not count. */
async function startCpuMs(script: string): Promise<number> {
  const before = new Set(workerds().keys())
  await using workerd = await startWorkerd({ script, env: ENV })
  // One that refuses its configuration answers otherwise, and has not started.
  expect(await (await fetch(`${workerd.url}/healthz`)).json()).toEqual({ ok: true })
  const own = [...workerds()].filter(([pid]) => !before.has(pid))
  expect(own).toHaveLength(1)
  return own.reduce((sum, [, cpuMs]) => sum + cpuMs, 0)
}

/** The processes that this one has started, and what each has used. */
function workerds(): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = statOf(pid)
    const [, parent, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (!stat.includes('(workerd') || parent !== String(process.pid)) continue
    found.set(pid, (Number(fields[9]) + Number(fields[10])) * MS_PER_TICK)
  }
  return found
}

/** Empty where the process is gone by now. */
function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return ''
  }
}
