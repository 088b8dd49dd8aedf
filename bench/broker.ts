import { startKafka } from '../test/support/kafka-server.ts'

/** A real Kafka on a core that it may share with others, but not with what is measured. */
export interface Broker extends AsyncDisposable {
  readonly brokers: string
  readonly pid: number
}

/** Starts a Kafka of one node with all its threads on one core. */
export async function startBroker(cpu: number): Promise<Broker> {
  const kafka = await startKafka()
  const { brokers, pid } = kafka
  if (pid === undefined) throw new Error('Kafka has ended')
  moveToCpu(pid, cpu)
  return { brokers, pid, [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose]() }
}

/** Binds a process that runs to one core, all its threads. */
export function moveToCpu(pid: number, cpu: number): void {
  Bun.spawnSync(['taskset', '-apc', String(cpu), String(pid)])
}
