import { expect, test } from 'bun:test'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readContents } from '../../src/loading/file-changes.ts'
import { makeTempDir } from '../support/temp.ts'

test('what cannot be walked holds nothing, and ends nothing', async () => {
  await using directory = await makeTempDir()
  const handlers = join(directory.path, 'handlers')
  const names = () => [...readContents({ directory: handlers, files: [] }).keys()]
  mkdirSync(join(handlers, 'shared'), { recursive: true })
  mkdirSync(join(handlers, 'node_modules'))
  writeFileSync(join(handlers, 'node_modules/a.ts'), '')
  writeFileSync(join(handlers, 'shared/b.ts'), '')
  symlinkSync('.', join(handlers, 'loop'))
  symlinkSync('shared/b.ts', join(handlers, 'link.ts'))
  symlinkSync('nowhere.ts', join(handlers, 'broken.ts'))

  expect(names().toSorted()).toEqual([join(handlers, 'link.ts'), join(handlers, 'shared/b.ts')])
  rmSync(handlers, { recursive: true })
  expect(names()).toEqual([])
  writeFileSync(handlers, 'a file where the folder was')
  expect(names()).toEqual([])
})
