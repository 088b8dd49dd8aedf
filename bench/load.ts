import { join } from 'node:path'
import { z } from 'zod'
import { writePresigned, type Presigned } from './presign.ts'
import { onCpu } from './server.ts'

/** What one run of the generator saw. */
export interface Load {
  /** Requests that were answered with 202. */
  readonly requests: number
  /** Signed requests that were taken from the file: at most so many can have arrived. */
  readonly used: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** How busy the generator's core was with it: near 1, it measures itself. */
  readonly generatorBusy: number
}

export interface LoadOptions {
  readonly url: string
  readonly presigned: Presigned
  /** Where the files for the generator go. */
  readonly directory: string
  readonly connections: number
  readonly seconds: number
  readonly cpu: number
  /** Whether requests may be sent again: only to a server that forgets them. */
  readonly repeat: boolean
}

const Summary = z.object({
  requests: z.number(),
  elapsedUs: z.number(),
  used: z.number(),
  exhausted: z.number(),
  p50Us: z.number(),
  p99Us: z.number(),
  maxUs: z.number(),
  refused: z.number(),
  broken: z.number(),
})

/** Installs wrk where it is missing and may be installed. */
export function ensureWrk(): void {
  if (Bun.which('wrk') !== null) return
  const how = 'apt-get install --yes wrk'
  if (process.getuid?.() !== 0 || Bun.which('apt-get') === null) {
    throw new Error(`the load generator wrk is missing: ${how}`)
  }
  console.error(`wrk is missing: ${how}`)
  const installed = Bun.spawnSync(how.split(' '), { stdout: 'ignore', stderr: 'inherit' })
  if (!installed.success) throw new Error(`failed: ${how}`)
}

/**
 * Sends pre-signed requests over `connections` that each wait for their answer.
 * Throws where it ran out of requests, where a connection broke, and where an answer was an error.
 */
export async function runLoad(options: LoadOptions): Promise<Load> {
  const { presigned, directory } = options
  const command = [
    'wrk',
    '-t1',
    `-c${options.connections}`,
    `-d${options.seconds}s`,
    '--timeout=10s',
    `--script=${join(import.meta.dir, 'load.lua')}`,
    options.url,
    '--',
    ...writePresigned(presigned, directory),
    options.repeat ? 'repeat' : 'once',
  ]
  const child = Bun.spawn(onCpu(options.cpu, command), { stderr: 'inherit' })
  const killAtExit = () => child.kill('SIGKILL')
  process.on('exit', killAtExit)
  const output = await new Response(child.stdout).text()
  await child.exited
  process.off('exit', killAtExit)
  if (child.exitCode !== 0) throw new Error(`wrk failed:\n${output}`)

  const summary = Summary.parse(JSON.parse(output.slice(output.lastIndexOf('\n{') + 1)))
  if (summary.exhausted > 0) throw new Error(`all ${presigned.count} signed requests were sent`)
  if (summary.refused > 0) throw new Error(`${summary.refused} requests were answered by an error`)
  if (summary.broken > 0) throw new Error(`${summary.broken} requests got no answer`)
  const cpuUs = Number(child.resourceUsage()?.cpuTime.total ?? 0)
  return {
    requests: summary.requests,
    used: summary.used,
    perSecond: summary.requests / (summary.elapsedUs / 1e6),
    p50Ms: summary.p50Us / 1000,
    p99Ms: summary.p99Us / 1000,
    maxMs: summary.maxUs / 1000,
    generatorBusy: cpuUs / summary.elapsedUs,
  }
}
