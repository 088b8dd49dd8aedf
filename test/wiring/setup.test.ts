import { expect, test } from 'bun:test'
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { messageOf } from '../../src/faults/faults.ts'
import { tryHandlerFiles } from '../../src/loading/trial.ts'
import type { Served } from '../../src/loading/reload.ts'
import { prepare } from '../../src/wiring/setup.ts'
import { makeTempDir } from '../support/temp.ts'

/** A handlers directory with one source, whose topic is in a file of its own. */
async function makeHandlers() {
  const dir = await makeTempDir()
  mkdirSync(join(dir.path, 'lib'))
  const write = (name: string, text: string) => writeFileSync(join(dir.path, name), text)
  const topicIs = (topic: string) => write('lib/topic.ts', `export const topic = '${topic}'`)
  topicIs('one')
  write(
    'shop.ts',
    `import { defineSource } from 'inlet'
    import { topic } from './lib/topic.ts'
    export default defineSource('shop', { provider: 'github', events: { '*': { topic } } })`,
  )
  const env = { INLET_SINK: 'file', INLET_HANDLERS_DIR: dir.path }
  return { path: dir.path, env, write, topicIs, [Symbol.asyncDispose]: dir[Symbol.asyncDispose] }
}

function topicOf(served: Served): unknown {
  return served.sources.get('shop')?.route('any')
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'none', messageOf)
}

test('a reload takes over what handler files import, too', async () => {
  await using handlers = await makeHandlers()
  const setup = await prepare({ ...handlers.env, INLET_SECRET_SHOP: 'made-up-secret' })
  handlers.topicIs('two')
  const next = await setup.reload(setup)

  expect([topicOf(setup), topicOf(next)]).toEqual([{ topic: 'one' }, { topic: 'two' }])
})

test('a reload forgets the files of the operator, and none of the program', async () => {
  await using handlers = await makeHandlers()
  const { modules } = await tryHandlerFiles(handlers.path, systemClock)
  const root = realpathSync(handlers.path)
  const theirs = [join(root, 'lib/topic.ts'), join(root, 'shop.ts')]
  // Beside theirs only the name `inlet`: imported again, it leads to the same module.
  expect(modules.filter((path) => basename(path) !== 'inlet').toSorted()).toEqual(theirs)
})

test('a file that does not load is named, and loads once it is mended', async () => {
  await using handlers = await makeHandlers()
  const setup = await prepare({ ...handlers.env, INLET_SECRET_SHOP: 'made-up-secret' })
  for (const [broken, where] of [
    ['export const topic = ', 'topic.ts:1:21: '],
    ["\nthrow new Error('no')", 'shop.ts'],
  ] as const) {
    handlers.write('lib/topic.ts', broken)
    expect(await refusal(setup.reload(setup))).toContain(where)
  }
  handlers.topicIs('three')

  expect(topicOf(await setup.reload(setup))).toEqual({ topic: 'three' })
})

test('secret files are read again; a secret that stays goes on counting its uses', async () => {
  await using handlers = await makeHandlers()
  const file = join(handlers.path, 'secret')
  writeFileSync(file, 'the-old-secret')
  const setup = await prepare({ ...handlers.env, INLET_SECRET_SHOP_FILE: file })
  const [old] = setup.sources.get('shop')?.secretUses ?? []
  writeFileSync(file, 'the-new-secret\nthe-old-secret\n')
  const next = await setup.reload(setup)

  expect(setup.watched.files).toEqual([file])
  expect(next.sources.get('shop')?.secretUses?.[1]).toBe(old)
  writeFileSync(file, 'short')
  expect(await refusal(setup.reload(next))).toContain('INLET_SECRET_SHOP')
})
