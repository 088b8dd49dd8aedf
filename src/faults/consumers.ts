import type { Fault } from './faults.ts'

/** The part of FAULTS that meets whoever tells a consumer what to do. */
export const CONSUMER_FAULTS = {
  CONSUMER_UNKNOWN: {
    stage: 'consume',
    status: 404,
    retryable: false,
    title: 'There is no such consumer.',
    hint: '`inlet consumers` lists those that are served; `inlet check` says why one is not.',
  },
  PARTITION_UNREAD: {
    stage: 'consume',
    status: 409,
    retryable: true,
    title: 'The consumer does not read this partition here, or not yet.',
    hint: 'Ask the node of its group that reads it; `inlet consumers` lists the partitions of one.',
  },
  OFFSET_UNKNOWN: {
    stage: 'consume',
    status: 409,
    retryable: false,
    title: 'The partition has no such offset.',
    hint: 'The detail says which it has; `latest` is behind the last one, also of what is still to come.',
  },
  RANGE_REVERSED: {
    stage: 'consume',
    status: 400,
    retryable: false,
    title: 'The range ends before it begins.',
    hint: 'Begin with what is earlier: `--from 12h --to 2h`.',
  },
  CONSUMER_NOT_RUNNING: {
    stage: 'consume',
    status: 409,
    retryable: false,
    title: 'The consumer does not run here now.',
    hint: 'The detail says why. Let it run (`inlet consumers`), then ask again, or resume the rerun.',
  },
  GROUP_ALIVE: {
    stage: 'consume',
    status: 409,
    retryable: true,
    title: 'Somebody reads in the group of the consumer now.',
    hint: 'The detail says who. Stop the node that has the other database first; 10 s after a `kill -9` Kafka knows that it is gone. Where it is this gateway, `inlet consumers` shows that it runs: there is nothing to adopt.',
  },
  CONSUMER_KEEPS_STATE: {
    stage: 'consume',
    status: 409,
    retryable: false,
    title: 'The consumer keeps state, in which these records count already.',
    hint: 'Give it another `group`: it begins anew, without state, at `from`. Its dead letters can be replayed.',
  },
} as const satisfies Record<string, Fault>
