/** A first hour with nothing but the binary: an empty folder, no Bun, no package, no network. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtCommand, startGateway } from '../support/gateway-process.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

setDefaultTimeout(60_000)
const ENV = { INLET_SINK: 'file', INLET_SECRET_GITHUB: 'made-up-secret-of-init' }

let binary: readonly string[]
let folder: TempDir

/** Runs a command of the binary in `cwd`, with no environment but what is given. */
function inlet(cwd: string, args: readonly string[], env: Record<string, string> = {}) {
  const { stdout, stderr, exitCode } = Bun.spawnSync([...binary, ...args], { cwd, env })
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() }
}

beforeAll(async () => {
  binary = builtCommand()
  folder = await makeTempDir()
  expect(inlet(folder.path, ['init', 'gateway'])).toMatchObject({ code: 0, err: '' })
})
afterAll(() => folder[Symbol.asyncDispose]())

const gatewayFolder = () => join(folder.path, 'gateway')

test('what init writes passes the check, types included', () => {
  const { code, out, err } = inlet(gatewayFolder(), ['check'], ENV)

  expect(err).toBe('')
  expect(out).toContain('POST /hooks/github  github, by github.ts')
  expect(out).toContain('types of the handler files hold')
  expect(code).toBe(0)
})

test('a handler may read its environment', async () => {
  await using other = await makeTempDir()
  inlet(other.path, ['init'])
  const handler = join(other.path, 'handlers/github.ts')
  const text = readFileSync(handler, 'utf8')
  writeFileSync(handler, `${text}\nexport const key: string = process.env['PARTNER_KEY'] ?? ''\n`)
  const { code, out } = inlet(other.path, ['check'], ENV)

  expect(out).toContain('types of the handler files hold')
  expect(code).toBe(0)
})

test('the test of the handler runs with the binary alone', () => {
  const { code, err } = inlet(gatewayFolder(), ['test'], { BUN_BE_BUN: '1' })

  expect(err).toContain(' 3 pass')
  expect(code).toBe(0)
})

test('the test of the handler has its types, too', () => {
  const { code, out } = inlet(gatewayFolder(), ['check', '--no-script'], { BUN_BE_BUN: '1' })

  expect(out).not.toContain('error')
  expect(code).toBe(0)
})

test('an event goes through the handler that init wrote', async () => {
  await using gateway = await startGateway({ command: binary, cwd: gatewayFolder(), env: ENV })
  const sent = inlet(
    gatewayFolder(),
    ['send', 'github', 'pull_request.opened', '--url', gateway.url],
    ENV,
  )
  await gateway.drained(10_000)
  const topic = join(gatewayFolder(), 'data/topics/code.reviews.ndjson')

  expect(sent).toMatchObject({ code: 0 })
  expect(readFileSync(topic, 'utf8').trimEnd().split('\n')).toHaveLength(1)
})

test('init never overwrites, and writes nothing where one file would be', async () => {
  await using other = await makeTempDir()
  writeFileSync(join(other.path, 'tsconfig.json'), '{}')
  const { code, out } = inlet(other.path, ['init'])

  expect(code).toBe(1)
  expect(out).toContain('tsconfig.json')
  expect(readdirSync(other.path)).toEqual(['tsconfig.json'])
})

test('init --types renews the types and nothing else', async () => {
  await using other = await makeTempDir()
  inlet(other.path, ['init'])
  const types = join(other.path, 'types/inlet/gateway.d.ts')
  const handler = join(other.path, 'handlers/github.ts')
  writeFileSync(types, '// of an older version')
  writeFileSync(handler, '// mine')

  expect(inlet(other.path, ['init', '--types']).code).toBe(0)
  expect(readFileSync(types, 'utf8')).toContain('defineSource')
  expect(readFileSync(handler, 'utf8')).toBe('// mine')
})

const WRONG = `import { defineSource, on, z } from 'inlet'

const Push = z.object({ ref: z.string() })

export default defineSource('github', {
  provider: 'github',
  events: { push: on(Push, ({ data }) => ({ topic: 'pushes', key: data.branch })) },
})
`

test('a type error in a handler is found, with its file and line', async () => {
  await using other = await makeTempDir()
  inlet(other.path, ['init'])
  writeFileSync(join(other.path, 'handlers/github.ts'), WRONG)
  const { code, out } = inlet(other.path, ['check'], ENV)

  expect(out).toContain("handlers/github.ts:7:72: error TS2339: Property 'branch' does not exist")
  expect(code).toBe(1)
})

test('without types the check says so, and checks the rest', async () => {
  await using other = await makeTempDir()
  await Bun.write(join(other.path, 'handlers/github.ts'), WRONG)
  const without = inlet(other.path, ['check'], ENV)
  writeFileSync(join(other.path, 'tsconfig.json'), '{}')
  const unconnected = inlet(other.path, ['check'], ENV)

  for (const { code, out } of [without, unconnected]) {
    expect(out).toContain('types of the handler files not checked')
    expect(out).toContain('inlet init')
    expect(out).toContain('POST /hooks/github')
    expect(code).toBe(0)
  }
})
