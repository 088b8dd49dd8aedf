import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { lazily } from '../src/lazily.ts'
import { compileC } from './compile.ts'
import { writePresigned, type Presigned } from './presign.ts'
import { onCpu } from './server.ts'
import { percentile } from './statistics.ts'

/** Bytes of a result, as open-load.c writes it: four 64-bit numbers. */
const RESULT_NUMBERS = 4
const NS_PER_MS = 1e6

/**
 * Ahead of all else on its core: where a broker or a consumer kept it waiting for 4 ms, it read
 * answers so much later than they came, and what is counted from them looked as much shorter.
 */
const FIRST = ['chrt', '--fifo', '1']
/** Whoever is not root may not: there the result says how late it was. */
const goesFirst = lazily(() => Bun.spawnSync([...FIRST, 'true']).success)

/** One request of an open loop; times in ms since 1970. */
export interface OpenRequest {
  /** Which of the signed requests. */
  readonly index: number
  /** When it had to be sent: latency counts from here. */
  readonly intendedMs: number
  /** When it was sent; 0: it never was. */
  readonly sentMs: number
  readonly answeredMs: number
  /** 0: no answer. */
  readonly status: number
}

export interface OpenLoad {
  readonly requests: readonly OpenRequest[]
  /** How long requests had to wait for the generator or for a free connection. */
  readonly lateP99Ms: number
  readonly generatorBusy: number
}

export interface OpenLoadOptions {
  readonly url: string
  readonly presigned: Presigned
  readonly directory: string
  readonly connections: number
  readonly perSecond: number
  readonly seconds: number
  readonly cpu: number
  /** The same seed draws the same times. */
  readonly seed: number
}

/** Signed requests that an open loop takes: Poisson, so a few more than its mean. */
export function openLoadCount(perSecond: number, seconds: number): number {
  const mean = perSecond * seconds
  return Math.ceil(mean + 6 * Math.sqrt(mean))
}

/** Sends requests at times drawn beforehand, whatever the server does. */
export async function runOpenLoad(options: OpenLoadOptions): Promise<OpenLoad> {
  const { directory, presigned, perSecond, seconds } = options
  const program = join(directory, 'open-load')
  const results = join(directory, 'results')
  if (!existsSync(program)) compileC('open-load.c', program)
  const command = [
    ...(goesFirst() ? FIRST : []),
    program,
    new URL(options.url).port,
    ...[options.connections, perSecond, seconds, options.seed].map(String),
    ...writePresigned(presigned, directory),
    results,
  ]
  const child = Bun.spawn(onCpu(options.cpu, command), { stdout: 'ignore', stderr: 'inherit' })
  const killAtExit = () => child.kill('SIGKILL')
  process.on('exit', killAtExit)
  await child.exited
  process.off('exit', killAtExit)
  if (child.exitCode !== 0) throw new Error('the open loop failed')
  const cpuUs = Number(child.resourceUsage()?.cpuTime.total ?? 0)
  const numbers = new BigInt64Array(await Bun.file(results).arrayBuffer())
  const late: number[] = []
  const requests = Array.from({ length: numbers.length / RESULT_NUMBERS }, (_, index) => {
    const [intended = 0, sent = 0, answered = 0, status = 0] = Array.from(
      numbers.subarray(index * RESULT_NUMBERS, (index + 1) * RESULT_NUMBERS),
      Number,
    )
    if (sent > 0) late.push((sent - intended) / NS_PER_MS)
    return {
      index,
      intendedMs: intended / NS_PER_MS,
      sentMs: sent / NS_PER_MS,
      answeredMs: answered / NS_PER_MS,
      status,
    }
  })
  return {
    requests,
    lateP99Ms: percentile(late, 0.99),
    generatorBusy: cpuUs / (seconds * 1e6),
  }
}
