/** How a member takes the partitions that it declares, and lets no other member have them. */
import { AssignerProtocol, type GroupMember, type PartitionAssigner } from 'kafkajs'
import type { EpochMs } from '../clock.ts'
import type { PartitionShare } from '../consumer.ts'

const { MemberMetadata, MemberAssignment } = AssignerProtocol

/** Of several members only who came first has anything: it keeps it, and the others are refused. */
const NAME = 'inlet-own-partitions'
const VERSION = 0

/** The group of a member that declares its partitions: nobody else is in it. */
export function ownGroup(group: string, { index, of }: PartitionShare): string {
  return `${group}.${index}-of-${of}`
}

/** Whether offsets of this group are about what members of `group` consume. */
export function isGroupOf(group: string, name: string): boolean {
  return name === group || new RegExp(`^${RegExp.escape(group)}\\.\\d+-of-\\d+$`).test(name)
}

/** Whether a partition is of the share. */
export function isOwn({ index, of }: PartitionShare, partition: number): boolean {
  return partition % of === index - 1
}

/** Assigns every n-th partition to the member that has been there since the earliest time. */
export function assignOwn(share: PartitionShare, sinceMs: EpochMs): PartitionAssigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    assign({ members, topics }) {
      const assignment = Object.fromEntries(
        topics.map((topic) => [
          topic,
          cluster
            .findTopicPartitionMetadata(topic)
            .map(({ partitionId }) => partitionId)
            .filter((partition) => isOwn(share, partition)),
        ]),
      )
      const [first] = members.toSorted(byTime)
      return Promise.resolve(
        members.map((member) => ({
          memberId: member.memberId,
          memberAssignment: MemberAssignment.encode({
            version: VERSION,
            assignment: member === first ? assignment : {},
            userData: Buffer.alloc(0),
          }),
        })),
      )
    },
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: Buffer.from(String(sinceMs)),
      }),
    }),
  })
}

function byTime(a: GroupMember, b: GroupMember): number {
  return sinceOf(a) - sinceOf(b) || (a.memberId < b.memberId ? -1 : 1)
}

function sinceOf({ memberMetadata }: GroupMember): number {
  return Number(MemberMetadata.decode(memberMetadata)?.userData.toString())
}
