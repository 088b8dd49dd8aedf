import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'

const REPOSITORY = join(import.meta.dir, '../..')

let command: readonly string[] | undefined

/**
 * Builds the binary, once in a run of all tests, and returns how it is started. Throws with the
 * build's output where that fails.
 */
export function builtCommand(): readonly string[] {
  command ??= build()
  return command
}

function build(): readonly string[] {
  const built = spawnSync(process.execPath, ['scripts/build.ts'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  })
  if (built.status !== 0) throw new Error(`the build failed:\n${built.stdout}${built.stderr}`)
  return [join(REPOSITORY, 'dist/inlet')]
}

/** Long enough for a start on a loaded two-core machine; a healthy one needs a hundredth of it. */
const START_MS_MAX = 30_000
const POLL_MS = 20

/** One line of the gateway's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly message: string }

/** A gateway in a process of its own. */
export interface GatewayProcess extends AsyncDisposable {
  /** Where webhooks are taken, e.g. `http://127.0.0.1:41873`. */
  readonly url: string
  readonly adminUrl: string
  readonly pid: number
  /** Resolves to its exit code, null where a signal ended it, once it ends by itself. */
  readonly exited: Promise<number | null>
  /** Every line that it has logged so far. */
  readonly log: readonly LogLine[]
  /**
   * Sends a signal and resolves to the exit code once the process is gone; null where
   * the signal ended it.
   */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
  /** Resolves once everything that is on disk is published. Throws after `msMax`. */
  drained(msMax: number): Promise<void>
}

export interface GatewayOptions {
  readonly command: readonly string[]
  /** What is started. Default: `serve`. */
  readonly mode?: 'serve' | 'dev' | 'consume'
  readonly args?: readonly string[]
  readonly cwd: string
  /** Beside PATH, nothing else of this process's environment reaches it. */
  readonly env: Readonly<Record<string, string>>
}

/** Starts a gateway on free ports. Throws with everything it said where it does not come up. */
export async function startGateway(options: GatewayOptions): Promise<GatewayProcess> {
  const child = Bun.spawn([...options.command, options.mode ?? 'serve', ...(options.args ?? [])], {
    cwd: options.cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      INLET_HOST: '127.0.0.1',
      PORT: '0',
      INLET_ADMIN_PORT: '0',
      ...options.env,
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const log: LogLine[] = []
  const started = Promise.withResolvers<{ url: string; adminUrl: string }>()
  const reading = readLines(child.stdout, (line) => {
    if (!line.startsWith('{')) return
    const entry = JSON.parse(line) as LogLine
    log.push(entry)
    if (entry.message === 'gateway.started') {
      started.resolve({ url: String(entry['url']), adminUrl: String(entry['adminUrl']) })
    }
  })
  const complaints = new Response(child.stderr).text()
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS_MAX)
  const failed = child.exited.then(async (code): Promise<never> => {
    throw new Error(`the gateway ended with ${code}:\n${await complaints}${JSON.stringify(log)}`)
  })
  // After the start nobody waits for this; the exit is then read from `exited`.
  failed.catch(() => undefined)
  const { url, adminUrl } = await Promise.race([started.promise, failed]).finally(() =>
    clearTimeout(timer),
  )

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    child.kill(signal)
    await child.exited
    await reading
    return child.exitCode
  }
  return {
    url,
    adminUrl,
    pid: child.pid,
    exited: child.exited.then(() => reading).then(() => child.exitCode),
    log,
    end,
    drained: (msMax) => waitUntilDrained(adminUrl, msMax),
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL')
    },
  }
}

/** Its exit code once it ends by itself, or that it is still there after `msMax`. */
export async function exitWithin(
  gateway: GatewayProcess,
  msMax: number,
): Promise<number | null | 'still there'> {
  const patience = new AbortController()
  const late = systemClock.sleep(msMax, patience.signal).then(() => 'still there' as const)
  try {
    return await Promise.race([gateway.exited, late])
  } finally {
    patience.abort()
  }
}

async function waitUntilDrained(adminUrl: string, msMax: number): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + msMax
  let last = ''
  while (systemClock.monotonicMs() < deadlineMs) {
    const health = (await (await fetch(`${adminUrl}/readyz`)).json()) as {
      relay: { pending: number }
    }
    if (health.relay.pending === 0) return
    last = JSON.stringify(health)
    await systemClock.sleep(POLL_MS)
  }
  throw new Error(`not drained within ${msMax} ms: ${last}`)
}

/** Calls back with each line of a stream, until it ends. */
export async function readLines(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
}
