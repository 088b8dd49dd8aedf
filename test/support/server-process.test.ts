import { existsSync } from 'node:fs'
import { expect, test } from 'bun:test'
import { makeServerFolder, startServerProcess } from './server-process.ts'

// The server is a stand-in here: what matters is that whatever runs is gone, with its folder.
const FAILING = ['sh', '-c', 'echo the reason; exit 3'] as const
const SLEEPING = ['sleep', '1000'] as const

const ready = () => Promise.resolve(true)

test('a server that is disposed of is gone, and so is its folder, even when it was paused', async () => {
  const folder = makeServerFolder('stand-in')
  let pid: number | undefined
  {
    await using server = await startServerProcess({
      name: 'stand-in',
      folder,
      command: SLEEPING,
      isReady: ready,
    })
    pid = server.pid
    expect(isAlive(pid)).toBe(true)
    server.pause()
  }
  expect(isAlive(pid)).toBe(false)
  expect(existsSync(folder)).toBe(false)
})

test('a killed server keeps its folder and starts again in it', async () => {
  const folder = makeServerFolder('stand-in')
  await using server = await startServerProcess({
    name: 'stand-in',
    folder,
    command: SLEEPING,
    isReady: ready,
  })
  const first = server.pid
  await server.kill()
  expect(isAlive(first)).toBe(false)
  expect(existsSync(folder)).toBe(true)
  await server.restart()
  expect(server.pid).not.toBe(first)
  expect(isAlive(server.pid)).toBe(true)
})

test('a server that does not start shows its log and leaves no folder', async () => {
  const folder = makeServerFolder('stand-in')
  const start = startServerProcess({
    name: 'stand-in',
    folder,
    command: FAILING,
    isReady: () => Promise.resolve(false),
  })
  expect(start).rejects.toThrow('the reason')
  await start.catch(() => undefined)
  expect(existsSync(folder)).toBe(false)
})

test('a server is gone with its folder when the tests are killed', async () => {
  const folder = makeServerFolder('stand-in')
  const script = `
    import { startServerProcess } from ${JSON.stringify(`${import.meta.dir}/server-process.ts`)}
    const server = await startServerProcess({
      name: 'stand-in', folder: ${JSON.stringify(folder)}, command: ['sleep', '1000'],
      isReady: () => Promise.resolve(true),
    })
    console.log(server.pid)
    await new Promise(() => setInterval(() => {}, 1000))`
  const tests = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'inherit' })
  const { value } = await tests.stdout.getReader().read()
  const pid = Number(new TextDecoder().decode(value))
  expect(isAlive(pid)).toBe(true)

  tests.kill('SIGKILL')
  await until(() => !existsSync(folder) && !isAlive(pid))
})

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Looks until it holds; the timeout of the test ends it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(20)
}
