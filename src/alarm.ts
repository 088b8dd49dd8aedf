import type { EpochMs } from './clock.ts'

/** What an alarm can be about; each with what to do about it, which docs/metrics.md lists too. */
export const ALARMS = {
  source_silent: {
    title: 'A source sends nothing for much longer than it ever paused.',
    hint: 'Look at the provider’s own log of deliveries: is the webhook disabled, or its URL changed?',
  },
  verification_failures: {
    title: 'Deliveries of a source are not proven.',
    hint: 'See `inlet rejected` for the step that failed. `mismatch`: after a rotation the new secret belongs beside the old one; `stale`: a clock, or old deliveries.',
  },
  events_unhandled: {
    title: 'Events of a source have no handler that works.',
    hint: 'They are stored: `inlet events --state failed` and `invalid` say why. Mend the handler, then `inlet replay`.',
  },
  lag: {
    title: 'Stored events wait too long to be published.',
    hint: 'Look at Kafka, and at `relay` in /readyz. Nothing is lost while the disk lasts.',
  },
  topic_waits: {
    title: 'Records cannot be published to their topic, and wait.',
    hint: '`inlet outbox` says why: make the topic, or grant Write on it. They are published by themselves then.',
  },
  dead_letters: {
    title: 'Records were refused by Kafka, and wait for a person.',
    hint: 'See the dead letters with their reasons, mend what they name, then redrive them.',
  },
  consumer_down: {
    title: 'A consumer does not run.',
    hint: '`inlet consumers` says why, and the line `consumer.ended` of the log what to do. Its records wait in Kafka.',
  },
  consumer_dead: {
    title: 'A consumer has given up records.',
    hint: 'They are in its dead-letter topic, and the log says why: mend the handler, then `inlet redrive` or `inlet consumers replay`.',
  },
  consumer_lost: {
    title: 'Kafka has deleted records that a consumer had not read.',
    hint: 'The line `consumer.lost` names the offsets. Let the topic keep records for longer than a consumer may be away.',
  },
  clock_skew: {
    title: 'Our clock is far from the times that a provider signs.',
    hint: 'Check the time service of this machine: what is too far off is refused. Old deliveries that are sent again look the same.',
  },
  overloaded: {
    title: 'More comes in than can be answered in time.',
    hint: 'Events are refused with 503, and not every sender tries again: a faster machine, or one more node.',
  },
  disk_low: {
    title: 'The disk is nearly full.',
    hint: 'Free space in INLET_DATA_DIR, or shorten INLET_RETENTION_DAYS.',
  },
  kafka_down: {
    title: 'Nothing can be published to Kafka.',
    hint: '`inlet doctor` says how the brokers are reached, and whether this client may publish. Events are stored.',
  },
  redis_down: {
    title: 'Redis does not answer.',
    hint: 'Look at Redis. Events are taken; another node may store one of them twice.',
  },
} as const satisfies Record<string, { readonly title: string; readonly hint: string }>

export type AlarmName = keyof typeof ALARMS

/** Something that needs a person, now. */
export interface ActiveAlarm {
  readonly name: AlarmName
  /** The source, or the part, that it is about. */
  readonly subject: string
  readonly since: EpochMs
  /** What was seen, with the number. */
  readonly text: string
}
