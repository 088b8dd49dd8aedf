import { systemClock } from '../src/clock.ts'
import { cpuMsOf } from './usage.ts'

/** Generous: a healthy start takes a hundredth of it. */
const START_MS_MAX = 20_000
const STOP_MS_MAX = 15_000
const POLL_MS = 2

/** A server under load, on a core of its own. */
export interface Server extends AsyncDisposable {
  readonly pid: number
  /** The CPU time of all its threads so far, in ms; Linux counts in steps of 10. */
  cpuMs(): number
  /** Stops it where it stands, so that it takes nothing from what is measured instead. */
  freeze(): void
  thaw(): void
  /** Ends it in order, at most 15 s. */
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly command: readonly string[]
  /** The core that all its threads run on. */
  readonly cpu: number
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Answers once the server takes requests. */
  readonly readyUrl: string
}

/** Starts a server and waits until it is ready. Drops its log, and shows its standard error. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const child = Bun.spawn(onCpu(options.cpu, options.command), {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const killAtExit = () => child.kill('SIGKILL')
  process.on('exit', killAtExit)

  async function stop(): Promise<void> {
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    const patience = setTimeout(killAtExit, STOP_MS_MAX)
    await child.exited
    clearTimeout(patience)
    process.off('exit', killAtExit)
  }

  const deadlineMs = systemClock.monotonicMs() + START_MS_MAX
  while (!(await answers(options.readyUrl))) {
    if (child.exitCode !== null || systemClock.monotonicMs() > deadlineMs) {
      await stop()
      throw new Error(`${options.command.join(' ')} does not start`)
    }
    await systemClock.sleep(POLL_MS)
  }
  return {
    pid: child.pid,
    cpuMs: () => cpuMsOf(child.pid),
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Binds a command to one core. */
export function onCpu(cpu: number, command: readonly string[]): string[] {
  return ['taskset', '-c', String(cpu), ...command]
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}
