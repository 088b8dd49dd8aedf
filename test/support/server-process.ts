import { closeSync, mkdtempSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { randomFraction } from '../../src/ids.ts'

/** Long enough for a server on a loaded two-core machine; a healthy one needs a tenth of it. */
const START_MS_MAX = 60_000
const STOP_MS_MAX = 15_000
const POLL_MS = 50
const LOG_TAIL_LINES = 40

/**
 * Reads the pid of the process that it watches, or an empty line while there is none. The second
 * lets a killed process release its files before they are removed; removing is tried again for the
 * sake of those in the folder that have a guard of their own.
 */
const GUARD = `trap '' INT TERM HUP
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then kill -KILL "-$pid" && sleep 1; fi
rm -rf -- "$1" || { sleep 2; rm -rf -- "$1"; }`

/**
 * A real server in a temporary folder of its own, that is gone with its folder
 * once this process ends.
 */
export interface ServerProcess extends AsyncDisposable {
  /** The process id; undefined after `kill` and `stop`. */
  readonly pid: number | undefined
  /** Stops it in order, at most 15 s, and removes its folder. */
  stop(): Promise<void>
  /** Freezes it with SIGSTOP: connections stay open, nothing answers. */
  pause(): void
  resume(): void
  /** Ends it with SIGKILL; its folder stays for `restart`. */
  kill(): Promise<void>
  /** Stops it in order if it runs, and starts it again on the same port and folder. */
  restart(): Promise<void>
}

/** Sees to it that a process and its folder are gone once we are, also after a SIGKILL. */
export interface Guard extends AsyncDisposable {
  /** Watches the process group of this pid, which its leader has; undefined: none. */
  watch(pid: number | undefined): Promise<void>
  /** Ends what it watches, and removes the folder. */
  end(): Promise<void>
}

/** How to start a server and to see that it is ready. */
export interface ServerCommand {
  readonly name: string
  readonly folder: string
  readonly command: readonly string[]
  /** Whether it answers; may throw while it does not. */
  isReady(): Promise<boolean>
}

/** Makes the folder of a server, e.g. `/tmp/inlet-kafka-x7Kq2a`. */
export function makeServerFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `inlet-${name}-`))
}

/**
 * Finds a free loopback port below the range from which the system takes the ports of outgoing
 * connections: there a client that reconnects to a stopped server could take the server's port,
 * or connect to itself.
 */
export function findFreePort(): number {
  for (;;) {
    const port = 20_000 + Math.floor(randomFraction() * 10_000)
    try {
      Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop(true)
      return port
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    }
  }
}

/** Guards a folder: it goes when our end of a pipe closes, however that comes about. */
export function startGuard(folder: string): Guard {
  const guard = Bun.spawn(['sh', '-c', GUARD, 'guard', folder], {
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
    detached: true,
  })

  async function end(): Promise<void> {
    await guard.stdin.end()
    await guard.exited
  }

  return {
    async watch(pid) {
      await guard.stdin.write(`${pid ?? ''}\n`)
      await guard.stdin.flush()
    },
    end,
    [Symbol.asyncDispose]: end,
  }
}

/**
 * Starts a server and waits until it is ready. Its folder is removed when it stops, and
 * when this process ends.
 */
export async function startServerProcess(server: ServerCommand): Promise<ServerProcess> {
  const logPath = join(server.folder, 'server.log')
  const guard = startGuard(server.folder)
  let child: Bun.Subprocess | undefined

  async function start(): Promise<void> {
    const log = openSync(logPath, 'a')
    // A session of its own: an interrupt at the terminal reaches us, and we stop it in order.
    child = Bun.spawn([...server.command], {
      cwd: server.folder,
      stdin: 'ignore',
      stdout: log,
      stderr: log,
      detached: true,
    })
    closeSync(log)
    await guard.watch(child.pid)
    await waitUntilReady(server, child, logPath)
  }

  /** To the whole group: a server may still be formatting its folder in a child. */
  function signalGroup(signal: NodeJS.Signals): void {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    process.kill(-child.pid, signal)
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (child === undefined) return
    signalGroup(signal)
    signalGroup('SIGCONT') // a paused process takes no other signal than SIGKILL
    const patience = setTimeout(() => signalGroup('SIGKILL'), STOP_MS_MAX)
    await child.exited
    clearTimeout(patience)
    child = undefined
    await guard.watch(undefined)
  }

  async function stop(): Promise<void> {
    await end('SIGTERM')
    await guard.end()
  }

  try {
    await start()
  } catch (error) {
    await end('SIGKILL')
    await stop()
    throw error
  }
  return {
    get pid() {
      return child?.pid
    },
    stop,
    pause: () => signalGroup('SIGSTOP'),
    resume: () => signalGroup('SIGCONT'),
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM')
      await start()
    },
    [Symbol.asyncDispose]: stop,
  }
}

async function waitUntilReady(
  server: ServerCommand,
  child: Bun.Subprocess,
  logPath: string,
): Promise<void> {
  const deadline = systemClock.monotonicMs() + START_MS_MAX
  let reason: unknown
  while (child.exitCode === null && child.signalCode === null) {
    if (systemClock.monotonicMs() > deadline) break
    try {
      if (await server.isReady()) return
    } catch (error) {
      reason = error
    }
    await systemClock.sleep(POLL_MS)
  }
  const lines = (await Bun.file(logPath).text()).trimEnd().split('\n')
  const tail = lines.slice(-LOG_TAIL_LINES).join('\n')
  throw new Error(`${server.name} did not start. The end of its log:\n${tail}`, { cause: reason })
}
