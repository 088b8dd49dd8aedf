import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { TORTURES } from './tortures.ts'

test('the help names every torture with its promise, and runs none', () => {
  const { exitCode, stdout } = Bun.spawnSync([
    process.execPath,
    join(import.meta.dir, 'main.ts'),
    '--help',
  ])

  expect(exitCode).toBe(0)
  for (const [name, { promise }] of Object.entries(TORTURES)) {
    expect(stdout.toString()).toMatch(new RegExp(`^  ${name} +${promise}`, 'm'))
  }
})
