/** What tortures of consumers share: a consumer in a process of its own, and a topic for it. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../../src/clock.ts'
import { openKafkaPublisher } from '../../src/kafka/producer.ts'
import { silentLog } from '../../src/log.ts'

const NODE = join(import.meta.dir, 'control/consume-node.ts')
const DONE_MS_MAX = 60_000
/** How long Kafka waits for a member that was killed. */
export const SESSION_MS = '1000'
/** Every so many records one comes once more, as after a relay that was killed. */
const REPEATED_EVERY = 20

/** A record of the topic: its number is its identity. */
export interface Numbered {
  readonly n: number
  readonly key: string
  /** When it happened, for windows. */
  readonly at?: number
}

/** Publishes records in their order, some of them twice; resolves to how many the topic gets. */
export async function produceNumbered(
  brokers: string,
  topic: string,
  numbered: readonly Numbered[],
): Promise<number> {
  const publisher = openKafkaPublisher({
    brokers: brokers.split(','),
    clientId: 'torture',
    compression: 'none',
    clock: systemClock,
    log: silentLog,
  })
  const records = numbered.flatMap(({ key, ...value }) => {
    const headers = { ce_id: String(value.n), ce_source: 'torture', ce_type: 'counted' }
    const bytes = new TextEncoder().encode(JSON.stringify(value))
    const record = { topic, key, headers, value: bytes }
    return value.n % REPEATED_EVERY === 0 ? [record, record] : [record]
  })
  for (let at = 0; at < records.length; at += 500) {
    await publisher.publish(records.slice(at, at + 500))
  }
  await publisher.close()
  return records.length
}

export interface ConsumeNode extends AsyncDisposable {
  /** Resolves once it says one of these. */
  said(words: readonly string[]): Promise<void>
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

/** Starts the consumer of control/consume-node.ts. */
export function startNode(env: Readonly<Record<string, string>>): ConsumeNode {
  const child = spawn(process.execPath, [NODE], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let word = ''
  const listeners = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    word = line
    for (const listener of listeners) listener()
  })
  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    child.kill(signal)
    await gone
  }
  return {
    end,
    async said(words) {
      const patience = new AbortController()
      const check = () => {
        if (words.includes(word)) patience.abort()
      }
      listeners.add(check)
      check()
      await Promise.race([systemClock.sleep(DONE_MS_MAX, patience.signal), gone])
      if (!words.includes(word)) throw new Error(`the consumer never says ${words.join(' or ')}`)
    },
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  }
}

interface Kills {
  readonly brokers: string
  /** The topic, and how many records it holds. */
  readonly topic: string
  readonly end: number
  /** What control/consume-node.ts is to be. */
  readonly mode: string
  /** Where it keeps its file. */
  readonly data: string
  readonly cycles: number
  /** How long it works before it is killed. */
  readonly afterMs: { readonly min: number; readonly max: number }
  readonly random: () => number
}

/** Works through a topic with a consumer that is killed once a cycle, then comes to the end. */
export async function throughKills(kills: Kills): Promise<void> {
  const { brokers, topic, end, mode, data, cycles, afterMs, random } = kills
  const env = {
    PATH: process.env['PATH'] ?? '',
    KAFKA_BROKERS: brokers,
    DATA: data,
    TOPIC: topic,
    MODE: mode,
    SESSION_MS,
    END: String(end),
  }
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    await using node = startNode(env)
    await node.said(['working', 'done'])
    await systemClock.sleep(afterMs.min + (afterMs.max - afterMs.min) * random())
    await node.end('SIGKILL')
  }
  await using last = startNode(env)
  await last.said(['done'])
  await last.end('SIGTERM')
}
