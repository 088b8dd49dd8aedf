import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { FAILPOINTS, parseFailpoint } from '../src/failpoint.ts'

const MODULE = join(import.meta.dir, '../src/failpoint.ts')

/** Runs code in a process of its own, and returns what it said and the signal that ended it. */
async function run(code: string): Promise<{ said: string; signal: unknown }> {
  const child = Bun.spawn([process.execPath, '-e', `import * as f from '${MODULE}';${code}`], {
    stdout: 'pipe',
  })
  const said = await child.stdout.text()
  await child.exited
  return { said, signal: child.signalCode }
}

const SAY =
  "for (const n of [1, 2, 3]) { f.failpoint('relay.read'); require('fs').writeSync(1, n + '') }"

test('an armed place ends the process at its hit, before anything else happens', async () => {
  const arm = "f.armFailpoint(f.parseFailpoint('relay.read:2:SIGKILL:0'));"
  expect(await run(arm + SAY)).toEqual({ said: '1', signal: 'SIGKILL' })
})

test('places that are not armed do nothing', async () => {
  expect(await run(SAY)).toEqual({ said: '123', signal: null })
  const other = "f.armFailpoint(f.parseFailpoint('relay.acked:1:SIGKILL:0'));"
  expect(await run(other + SAY)).toEqual({ said: '123', signal: null })
})

test('every place can be named, and nothing else', () => {
  for (const point of FAILPOINTS) {
    expect(parseFailpoint(`${point}:7:SIGSTOP:5`)).toEqual({
      point,
      hit: 7,
      signal: 'SIGSTOP',
      afterMs: 5,
    })
  }
  for (const wrong of ['', 'relay.read', 'relay.read:1:SIGTERM:0', 'nowhere:1:SIGKILL:0']) {
    expect(parseFailpoint(wrong)).toBeUndefined()
  }
})
