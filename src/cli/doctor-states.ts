/** The doctor's part that asks whose the state of a consumer is: this database's, or another's. */
import { existsSync } from 'node:fs'
import { openConsumerPositions } from '../../db/consume.ts'
import { epochOf, openReader } from '../../db/open.ts'
import { startsOf } from '../consume/start.ts'
import type { Consumer, Place } from '../consumer.ts'
import { fail, ok, type Finding } from '../doctor/finding.ts'
import { FAULTS, GatewayError } from '../faults/faults.ts'

/** A copy that was never started has no name yet, and Kafka knows nothing by it. */
const UNNAMED = 'none'

/** What Kafka has of the group of a consumer. */
type AskCommitted = (
  consumer: Consumer,
  places: readonly Place[],
) => Promise<Parameters<typeof startsOf>[0]>

/**
 * Finds consumers that would not start, because another database has read their partitions.
 *
 * @throws GatewayError BROKER_UNAVAILABLE and the like.
 */
export async function examineStates(
  consumers: readonly Consumer[],
  path: string,
  ask: AskCommitted,
): Promise<readonly Finding[]> {
  const keeping = consumers.filter(({ state }) => state !== undefined)
  if (keeping.length === 0 || !existsSync(path)) return []
  using reader = openReader(path)
  const positions = openConsumerPositions(reader)
  const ports = {
    position: (group: string, place: Place) => positions.find(group, place),
    epoch: epochOf(reader) ?? UNNAMED,
    isRead: () => false,
    isAdopted: false,
  }
  const findings: Finding[] = []
  for (const consumer of keeping) {
    const committed = await ask(consumer, positions.ofGroup(consumer.group))
    try {
      startsOf(committed, consumer, ports)
      findings.push(ok(`consumer ${consumer.name}: its state is in this database`))
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      findings.push(
        fail(`consumer ${consumer.name} cannot go on: ${error.detail}`, FAULTS[error.code].hint),
      )
    }
  }
  return findings
}
