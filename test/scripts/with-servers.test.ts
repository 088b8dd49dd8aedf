import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'

const SCRIPT = join(import.meta.dir, '../../scripts/with-servers.ts')
const POLL_MS = 20

/** Says where its files go and who its own child is, and stays for half a minute. */
const COMMAND = 'sleep 30 & echo "$TMPDIR $!"; wait'

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'the command, what it started and its files are gone after %s',
  async (signal) => {
    // Servers that exist already, so that none is started; nothing connects to them.
    const env = { ...process.env, KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }
    const run = Bun.spawn([process.execPath, SCRIPT, '--', 'sh', '-c', COMMAND], {
      env,
      stdout: 'pipe',
      stderr: 'inherit',
    })
    const { value } = await run.stdout.getReader().read()
    const [folder = '', pid = ''] = new TextDecoder().decode(value).trim().split(' ')
    expect(existsSync(folder)).toBe(true)
    expect(isAlive(Number(pid))).toBe(true)

    run.kill(signal)
    await run.exited
    // The timeout of the test ends it.
    while (existsSync(folder) || isAlive(Number(pid))) await systemClock.sleep(POLL_MS)
  },
)

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
