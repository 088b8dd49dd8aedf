import type { Consumer } from 'kafkajs'
import type { Clock } from '../clock.ts'
import type { PartitionShare } from '../consumer.ts'
import {
  CONSUMER_FETCH_BYTES_MAX,
  CONSUMER_FETCH_WAIT_MS,
  CONSUMER_PARTITION_BYTES_MAX,
  CONSUMER_SESSION_MS,
} from '../limits/consumers.ts'
import type { Client } from './client.ts'
import { assignOwn, ownGroup } from './own-partitions.ts'

export interface GroupOptions {
  readonly group: string
  /** The partitions that it declares to be its own. Default: a group divides them. */
  readonly share?: PartitionShare | undefined
  readonly clock: Clock
  /** For tests that kill members. Default: CONSUMER_SESSION_MS. */
  readonly sessionMs?: number
}

/** A consumer of kafkajs with every option said out loud; it joins when it runs. */
export function makeConsumer({ kafka }: Client, options: GroupOptions): Consumer {
  const { group, share, clock, sessionMs = CONSUMER_SESSION_MS } = options
  return kafka.consumer({
    groupId: share === undefined ? group : ownGroup(group, share),
    ...(share === undefined ? {} : { partitionAssigners: [assignOwn(share, clock.now())] }),
    allowAutoTopicCreation: false,
    sessionTimeout: sessionMs,
    rebalanceTimeout: 3 * sessionMs,
    heartbeatInterval: sessionMs / 5,
    maxWaitTimeInMs: CONSUMER_FETCH_WAIT_MS,
    maxBytes: CONSUMER_FETCH_BYTES_MAX,
    maxBytesPerPartition: CONSUMER_PARTITION_BYTES_MAX,
    metadataMaxAge: 60_000,
    readUncommitted: false,
    retry: {
      retries: 4,
      initialRetryTime: 200,
      maxRetryTime: 2_000,
      factor: 0.2,
      multiplier: 2,
      // kafkajs would go on with the same state, and sometimes does not: we make a new consumer.
      restartOnFailure: () => Promise.resolve(false),
    },
  })
}
