import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeTempDir } from '../support/temp.ts'

const SCRIPT = join(import.meta.dir, '../../scripts/edge-handlers.ts')

test('handler files that do not load are not deployed', async () => {
  await using dir = await makeTempDir()
  const handlers = join(dir.path, 'handlers')
  const list = join(dir.path, 'handlers.ts')
  mkdirSync(handlers)
  const build = () => {
    const env = { ...process.env, INLET_HANDLERS_DIR: handlers }
    return spawnSync(process.execPath, [SCRIPT, list], { env, encoding: 'utf8' })
  }

  writeFileSync(join(handlers, 'shop.ts'), 'export default () => undefined')
  const refused = build()
  expect([refused.status, existsSync(list)]).toEqual([1, false])
  expect(refused.stderr).toContain('shop.ts: has no default export')

  writeFileSync(
    join(handlers, 'shop.ts'),
    `import { defineSource } from 'inlet'
     export default defineSource('shop', { provider: 'github', events: { '*': { topic: 'a' } } })`,
  )
  expect([build().status, existsSync(list)]).toEqual([0, true])
})
