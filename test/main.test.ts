import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'

const MAIN = join(import.meta.dir, '..', 'src', 'main.ts')

setDefaultTimeout(60_000)

describe('a command whose output', () => {
  test('nobody reads to its end stops without a word', async () => {
    // The reader closes the pipe before the command has begun to write.
    const { code, complaint } = await run(`"$0" "$1" providers | true; exit "\${PIPESTATUS[0]}"`)
    expect({ code, complaint }).toEqual({ code: 0, complaint: '' })
  })

  test.skipIf(process.platform !== 'linux')('cannot be written says so, and fails', async () => {
    const { code, complaint } = await run('exec "$0" "$1" providers >/dev/full')
    expect(code).toBe(1)
    expect(complaint).toStartWith('inlet: the output cannot be written: ENOSPC')
    expect(complaint.trim().split('\n')).toHaveLength(1)
  })
})

async function run(script: string) {
  const shell = Bun.spawn(['bash', '-c', script, process.execPath, MAIN], {
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const complaint = await new Response(shell.stderr).text()
  return { code: await shell.exited, complaint }
}
