import { expect, test } from 'bun:test'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LogFields } from '../../src/log.ts'
import { openReloader, type Served } from '../../src/loading/reload.ts'
import { manualClock } from '../support/manual-clock.ts'
import { makeTempDir } from '../support/temp.ts'

type Line = LogFields & { readonly event: string }

/** A reloader whose files are real and whose loading is the test's. */
async function openReloadWorld(secret: (dir: string) => string = (dir) => join(dir, 'secret')) {
  const dir = await makeTempDir()
  const handlers = join(dir.path, 'handlers')
  mkdirSync(handlers)
  writeFileSync(join(handlers, 'shop.ts'), '1')
  const file = secret(dir.path)
  const clock = manualClock()
  const lines: Line[] = []
  const heard = new Set<() => void>()
  const add = (event: string, fields: LogFields = {}) => {
    lines.push({ ...fields, event })
    for (const hear of heard) hear()
  }
  const served = (): Served => ({
    sources: new Map(),
    inactive: [],
    callers: new Map(),
    consumers: new Map(),
    watched: { directory: handlers, files: [file] },
    handlersName: '',
  })
  const world = { loads: 0, problem: undefined as string | undefined }
  const reloader = openReloader(served(), {
    clock,
    log: { debug: add, info: add, warn: add, error: add },
    load() {
      world.loads += 1
      return world.problem === undefined ? Promise.resolve(served()) : Promise.reject(world.problem)
    },
  })
  const stop = new AbortController()
  const running = reloader.run(stop.signal)
  return {
    world,
    reloader,
    path: dir.path,
    handlers,
    /** The next line of the log; time passes as long as it takes. */
    async nextLine(): Promise<Line> {
      while (lines.length === 0) {
        const { promise, resolve } = Promise.withResolvers<void>()
        heard.add(resolve)
        const turning = setInterval(() => clock.advance(1_000), 5)
        await promise
        clearInterval(turning)
        heard.delete(resolve)
      }
      return lines.shift() ?? { event: 'none' }
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      await dir[Symbol.asyncDispose]()
    },
  }
}

test('a handler file that changes, and one that is new, are loaded', async () => {
  await using at = await openReloadWorld()
  const first = at.reloader.current()
  writeFileSync(join(at.handlers, 'shop.ts'), '2')
  const changed = join(at.handlers, 'shop.ts')
  expect(await at.nextLine()).toMatchObject({ event: 'reload.finished', trigger: 'files', changed })
  expect(at.reloader.current()).not.toBe(first)
  writeFileSync(join(at.handlers, 'new.ts'), '1')
  expect(await at.nextLine()).toMatchObject({ changed: join(at.handlers, 'new.ts') })
})

test('a secret file that is renamed into place is seen, as secret managers write it', async () => {
  await using at = await openReloadWorld()
  writeFileSync(join(at.path, 'secret.new'), 'next')
  renameSync(join(at.path, 'secret.new'), join(at.path, 'secret'))
  expect(await at.nextLine()).toMatchObject({ changed: join(at.path, 'secret') })
})

test('a secret behind a link that is swapped is seen, as Kubernetes does it', async () => {
  await using at = await openReloadWorld((dir) => {
    mkdirSync(join(dir, 'v1'))
    mkdirSync(join(dir, 'v2'))
    writeFileSync(join(dir, 'v1/secret'), 'one')
    writeFileSync(join(dir, 'v2/secret'), 'two')
    symlinkSync('v1', join(dir, '..data'))
    symlinkSync('..data/secret', join(dir, 'secret'))
    return join(dir, 'secret')
  })
  symlinkSync('v2', join(at.path, '..next'))
  renameSync(join(at.path, '..next'), join(at.path, '..data'))
  expect(await at.nextLine()).toMatchObject({ changed: join(at.path, 'secret') })
})

test('a set that does not load changes nothing, and says why in one line', async () => {
  await using at = await openReloadWorld()
  const before = at.reloader.current()
  at.world.problem = 'shop.ts:1:1: no'
  writeFileSync(join(at.handlers, 'shop.ts'), '2')
  expect(await at.nextLine()).toMatchObject({ event: 'reload.refused', reason: 'shop.ts:1:1: no' })
  expect(at.reloader.current()).toBe(before)
  at.world.problem = undefined
  writeFileSync(join(at.handlers, 'shop.ts'), '3')
  expect(await at.nextLine()).toMatchObject({ event: 'reload.finished' })
})

test('a request loads whether or not a file has changed; a file that stays the same does not', async () => {
  await using at = await openReloadWorld()
  writeFileSync(join(at.handlers, 'shop.ts'), '1')
  at.reloader.request()
  expect(await at.nextLine()).toMatchObject({ trigger: 'request', changed: '' })
  expect(at.world.loads).toBe(1)
})

test('who waits for a reload goes on once it has ended, whichever way', async () => {
  await using at = await openReloadWorld()
  const before = at.reloader.current()
  await at.reloader.reloaded()
  expect(at.reloader.current()).not.toBe(before)
  at.world.problem = 'shop.ts:1:1: no'
  await at.reloader.reloaded()
  expect(at.world.loads).toBe(2)
})

test('a directory that is not there is no reason not to run', async () => {
  await using at = await openReloadWorld()
  rmSync(at.handlers, { recursive: true })
  expect(await at.nextLine()).toMatchObject({ changed: join(at.handlers, 'shop.ts') })
  at.reloader.request()
  expect(await at.nextLine()).toMatchObject({ trigger: 'request' })
})
