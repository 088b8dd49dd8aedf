import type { Fault } from './errors.ts'

/** The part of FAULTS that is Kafka's: on the way out, and on the way in. */
export const KAFKA_FAULTS = {
  RECORD_REJECTED: {
    stage: 'relay',
    status: 500,
    retryable: false,
    title: 'Kafka refuses this record.',
    hint: 'Compare its size with max.message.bytes of the topic.',
  },
  TOPIC_REJECTED: {
    stage: 'relay',
    status: 500,
    retryable: true,
    title: 'Kafka refuses this topic.',
    hint: 'Create the topic, or grant this client Write and Describe on it.',
  },
  RELAY_CRASHED: {
    stage: 'relay',
    status: 500,
    retryable: true,
    title: 'The relay ended by itself.',
    hint: 'Nothing is lost, and another one starts at once. Report what the log says under `relay.crashed`.',
  },
  BROKER_UNAVAILABLE: {
    stage: 'relay',
    status: 500,
    retryable: true,
    title: 'Kafka does not answer.',
    hint: 'Nothing is lost: the relay goes on as soon as a broker answers. `inlet doctor` says what keeps it away.',
  },
  RECORD_TIMEOUT: {
    stage: 'consume',
    status: 500,
    retryable: true,
    title: 'A consumer’s handler did not finish in time.',
    hint: 'Give `signal` to what it waits for, and raise `timeoutMs` of the consumer if that is slow by nature.',
  },
  CONSUMER_SILENT: {
    stage: 'consume',
    status: 500,
    retryable: true,
    title: 'A consumer has neither fetched nor said that it lives.',
    hint: 'Nothing is lost, and it is started anew. Where that repeats, look at the brokers with `inlet doctor`.',
  },
  PARTITIONS_TAKEN: {
    stage: 'consume',
    status: 500,
    retryable: true,
    title: 'Another node has the partitions that this one declares.',
    hint: 'Give each node a share of its own, INLET_PARTITIONS=1/2 and 2/2; this one takes over when the other ends.',
  },
  TOPICS_MISSING: {
    stage: 'consume',
    status: 500,
    retryable: true,
    title: 'A consumer finds no topic that it could read.',
    hint: 'Create the topics, or correct `topics` in its handler file; it looks again by itself.',
  },
  STATE_INVALID: {
    stage: 'consume',
    status: 500,
    retryable: false,
    title: 'A consumer’s state cannot be kept, or not be read.',
    hint: 'State needs a schema that takes what is set and what an earlier version has set, and records whose key is text.',
  },
  STATE_ELSEWHERE: {
    stage: 'consume',
    status: 500,
    retryable: true,
    title: 'A consumer’s state of this partition is in another database.',
    hint: 'Nodes that keep state share no partitions: give each INLET_PARTITIONS of its own. To begin without that state, give the consumer a new `group`.',
  },
  STATE_FULL: {
    stage: 'consume',
    status: 500,
    retryable: true,
    title: 'A consumer keeps too many states.',
    hint: 'Delete the state of keys that are done, or use shorter windows.',
  },
  EVENT_TIME_INVALID: {
    stage: 'consume',
    status: 500,
    retryable: false,
    title: 'The time of an event is none, or far in the future.',
    hint: 'Correct `eventTime` of its route (ms since 1970), or the clock of whoever writes `ce_time`.',
  },
} as const satisfies Record<string, Fault>
