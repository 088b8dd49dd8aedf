import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { loadHandlerFiles } from '../../src/loading/handler-files.ts'
import type { LoadedHandlers } from '../../src/loading/handlers.ts'

async function load(files: Record<string, string>): Promise<LoadedHandlers> {
  const directory = mkdtempSync(join(tmpdir(), 'inlet-handlers-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
    return await loadHandlerFiles(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const valid = `
  import { defineSource, on, z } from 'inlet'
  import { z as sameZod } from 'zod'
  enum Kind { One }
  export default defineSource('shop', {
    provider: 'shopify',
    events: {
      'orders/create': on(sameZod.object({ id: z.int() }), () => null),
      '*': { topic: 'rest' },
    },
  })`

test('a file is loaded as TypeScript, with the very zod that Inlet runs with', async () => {
  const { sources, problems } = await load({
    'shop.ts': valid,
    'shop.test.ts': 'throw 1',
    'x.md': '',
  })

  expect(problems).toEqual([])
  expect(sources.map(({ definition }) => definition.name)).toEqual(['shop'])
  const route = sources[0]?.definition.events['orders/create']
  expect(route !== undefined && 'kind' in route && route.schema instanceof z.ZodType).toBe(true)
})

test('a directory that is not there holds no handlers', async () => {
  expect(await loadHandlerFiles('/nowhere/handlers')).toEqual({
    sources: [],
    consumers: [],
    problems: [],
  })
})

test('a broken file is named with line and reason', async () => {
  const { problems } = await load({
    'syntax.ts': 'export default {\n  a: ,\n}',
    'throws.ts': "\nthrow new Error('no luck')",
    'imports.ts': "import 'left-pad'",
  })

  expect(problems).toEqual([
    expect.stringMatching(/^imports\.ts.*left-pad/),
    expect.stringMatching(/^syntax\.ts:2:\d+: /),
    expect.stringMatching(/^throws\.ts:2(:\d+)?: no luck/),
  ])
})

test('what a file exports is checked', async () => {
  const source = (body: string) => `export default ${body}`
  const { problems } = await load({
    'a.ts': 'export const nothing = 1',
    'b.ts': source(`{ name: 'Big', provider: 'github', events: { '*': { topic: 't' } } }`),
    'c.ts': source(`{ name: 'c', provider: 'github', events: { 'a*': { topic: 't' } } }`),
    'd.ts': source(`{ name: 'd', provider: 'github', events: { '*': { topic: 'no spaces' } } }`),
    'e.ts': source(`{ name: 'e', provider: 'github', events: {} }`),
    'f.ts': source(`{ name: 'f', provider: 'g', events: { '*': { topic: 't', key: 'id' } } }`),
    'g.ts': source(`{ name: 'g', provider: 'g', events: { '*': { topic: 't', keys: 1 } } }`),
    'h.ts': source(`{ name: 'h', provider: 'g', events: { '*': { kind: 'handled' } } }`),
  })

  expect(problems.map((problem) => problem.slice(0, 5))).toEqual([
    'a.ts:',
    'b.ts:',
    'c.ts:',
    'd.ts:',
    'e.ts:',
    'f.ts:',
    'g.ts:',
    'h.ts:',
  ])
})

test('two files may not define the same source', async () => {
  const { problems } = await load({ 'one.ts': valid, 'two.ts': valid })

  expect(problems).toEqual(['one.ts and two.ts both define the source "shop"'])
})
