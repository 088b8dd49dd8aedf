import { mkdtempSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { fillBacklog, recordsOf } from './backlog.ts'
import { publishedKafkajs } from './published-kafkajs.ts'
import { onCpu } from './server.ts'
import type { Shape } from './shapes.ts'

const Sent = z.object({ perSecond: z.number() })

/** Writes down what the relay would send of `count` events. Returns the path of the file. */
export async function writeRecords(
  count: number,
  { directory, topic, shape }: { directory: string; topic: string; shape: Shape },
): Promise<{ readonly records: string; readonly dataDir: string }> {
  const dataDir = mkdtempSync(join(directory, 'backlog-'))
  await fillBacklog({ dataDir, topic, count, shape })
  const records = join(directory, 'records.json')
  writeFileSync(records, JSON.stringify(recordsOf(dataDir)))
  return { records, dataDir }
}

/** kafkajs alone sends them, each batch after the other. Returns records a second. */
export async function sendBare(options: {
  readonly brokers: string
  readonly topic: string
  readonly records: string
  readonly cpu: number
}): Promise<number> {
  const script = join(import.meta.dir, 'bare-producer.ts')
  const { brokers, topic, records, cpu } = options
  const kafkajs = publishedKafkajs(dirname(records))
  const command = [process.execPath, script, kafkajs, brokers, topic, records]
  const sender = Bun.spawn(onCpu(cpu, command), { stderr: 'inherit' })
  const output = await new Response(sender.stdout).text()
  if ((await sender.exited) !== 0) throw new Error('the bare producer failed')
  return Sent.parse(JSON.parse(output)).perSecond
}
