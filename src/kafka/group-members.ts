/** Who reads for a consumer now, wherever it runs. */
import type { Clock } from '../clock.ts'
import { PUBLISH_MS_MAX } from '../limits/limits.ts'
import type { Log } from '../log.ts'
import type { KafkaSecurity } from '../settings/kafka-security.ts'
import { openClient } from './client.ts'
import { toFault } from './faults.ts'
import type { SharedGroup } from './group-offsets.ts'
import { isGroupOf, ownGroup } from './own-partitions.ts'
import { openSecurity } from './security.ts'
import { within } from './within.ts'

interface MembersOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly security: KafkaSecurity
  readonly clock: Clock
  readonly log: Log
}

/**
 * The members that read partitions of a node's share, each as `<client>@<host>`. Nodes that have
 * another share of as many are in groups of their own, and meant to be there.
 *
 * @throws GatewayError BROKER_UNAVAILABLE and the like.
 */
export async function findMembers(
  { group, share }: SharedGroup,
  options: MembersOptions,
): Promise<readonly string[]> {
  const { clock } = options
  const security = openSecurity(options.security, clock)
  const deadlineMs = PUBLISH_MS_MAX
  const client = openClient({ ...options, security, deadlineMs, generation: 0 })
  const neighbours = new Set(
    Array.from({ length: share?.of ?? 0 }, (_, at) =>
      ownGroup(group, { index: at + 1, of: share?.of ?? 0 }),
    ),
  )
  if (share !== undefined) neighbours.delete(ownGroup(group, share))
  async function find(): Promise<readonly string[]> {
    const admin = client.kafka.admin()
    await admin.connect()
    const { groups } = await admin.listGroups()
    const names = groups
      .map(({ groupId }) => groupId)
      .filter((name) => isGroupOf(group, name) && !neighbours.has(name))
    const described = await admin.describeGroups(names)
    return described.groups.flatMap(({ members }) =>
      members.map(({ clientId, clientHost }) => `${clientId}@${clientHost.replace('/', '')}`),
    )
  }
  try {
    return await within(deadlineMs, clock, find())
  } catch (error) {
    throw toFault(error)
  } finally {
    client.cut()
  }
}
