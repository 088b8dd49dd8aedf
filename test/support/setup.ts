// Preloaded by `bun test` (bunfig.toml), so that its afterAll runs once, after the last file.
import { afterAll } from 'bun:test'
import { skippedLine } from './servers.ts'

afterAll(() => {
  const line = skippedLine()
  if (line !== undefined) console.log(`\n${line}`)
})
