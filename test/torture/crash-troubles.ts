import { Database } from 'bun:sqlite'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

const EIGHT_DAYS_MS = 8 * 24 * 60 * 60 * 1000

/** Makes everything in the file of a gateway that does not run older than the retention time. */
export function ageDatabase(path: string): void {
  using client = new Database(path, { readwrite: true })
  client.run("UPDATE meta SET value = CAST(value + ? AS TEXT) WHERE name = 'lifetime_ms'", [
    EIGHT_DAYS_MS,
  ])
}

/** Holds the write lock again and again, until it is disposed of. */
export function startLocking(path: string): AsyncDisposable {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'hold-lock.ts'), path], {
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

/** Whether a process stands still after SIGSTOP. */
export function isStopped(pid: number): boolean {
  // The state follows the name, which may hold anything but ends with the last parenthesis.
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.startsWith('T') ?? false
}

/** Makes a Redis forget everything. */
export async function flushRedis(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write('FLUSHALL\r\n')
  await once(socket, 'data')
  socket.destroy()
}
