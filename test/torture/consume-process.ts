/** What tortures of consumers share: a consumer in a process of its own, and a topic for it. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../../src/clock.ts'
import { openKafkaPublisher } from '../../src/kafka/producer.ts'
import { silentLog } from '../../src/log.ts'

const NODE = join(import.meta.dir, 'control/consume-node.ts')
const DONE_MS_MAX = 60_000
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
