/** Limits of what is counted, kept and watched beside the path of a delivery; see limits.ts. */

/** Refusals that are kept of one source; all unknown sources share as many. */
export const REJECTED_PER_SOURCE_MAX = 200

/** What all kept refusals may hold in memory. Whoever holds most gives way. */
export const REJECTED_BYTES_MAX = 16 * 1024 * 1024

/**
 * Refusals of one source that are kept in one second: enough to see what goes on, and a flood
 * neither pushes out everything older at once nor costs a copy of its headers each time.
 */
export const REJECTED_PER_SECOND = 10

/** A body that is kept where the operator asks for it: most webhooks have less. */
export const REJECTED_BODY_BYTES_MAX = 64 * 1024

/** Of the headers of a refusal so much is kept, and so much of one value; real ones have 2 kB. */
export const REJECTED_HEADERS_MAX = 64
export const REJECTED_HEADERS_CHARS_MAX = 8 * 1024
export const REJECTED_HEADER_CHARS_MAX = 256

/**
 * A source's rhythm is known when it was watched for this long, in ms, and sent this often: a day
 * has a night in it.
 */
export const RHYTHM_MS_MIN = 24 * 60 * 60_000
export const RHYTHM_DELIVERIES_MIN = 10

/** How often rhythms are written down, in ms: what a crash forgets of a day that is learnt. */
export const RHYTHM_KEEP_MS = 10 * 60_000

/** How often the gateway looks at itself, in ms: a look costs less than 1 ms. */
export const WATCH_TICK_MS = 10_000

/** What has to last this long before it is an alarm, in ms: an election of Kafka is none. */
export const ALARM_BLIP_MS = 30_000

/**
 * What waits for somebody to make a topic or to grant a right, and a consumer that ends again and
 * again, in ms: a topic that a deploy makes is there by then.
 */
export const ALARM_STUCK_MS = 60_000

/** Events without a handler that works are counted over this time, */
export const UNHANDLED_WINDOW_MINUTES = 10

/** … and are an alarm also where they are few, but this share of all. */
export const UNHANDLED_SHARE_MIN = 0.1

/** How long a consumer's last loss is an alarm, in ms: until somebody has read the message. */
export const CONSUMER_LOSS_MS_MAX = 10 * 60_000

/** What was an alarm has to be gone for this long, in ms, before it is over. */
export const ALARM_CLEAR_MS = 30_000

/** No source is silent before this time, in ms, however steady it was: a deploy takes minutes. */
export const SILENCE_MS_MIN = 10 * 60_000

/** Deliveries that are not proven are counted over this time, */
export const FAILURES_WINDOW_MINUTES = 5

/** … and are an alarm only where they are this share of all: strangers try their luck. */
export const FAILURES_SHARE_MIN = 0.1

/** A gateway that has refused nobody for this long, in ms, has time again: two looks and more. */
export const SHED_MS_MAX = 25_000

/** The alarm comes at this multiple of INLET_DISK_FREE_MIN_BYTES, while events are still taken. */
export const DISK_ALARM_FACTOR = 2

/** Alarms that wait to be told; the oldest gives way. */
export const NOTICES_MAX = 100

/** Tries to tell of one. */
export const NOTICE_TRIES_MAX = 7

/**
 * What `inlet doctor` reads of stored bodies, in bytes on disk, the newest: it takes 1.5 µs for an
 * event of 2.3 kB, of which that may be a million.
 */
export const DOCTOR_BODIES_BYTES_MAX = 64 * 1024 * 1024

/** Why an event is in its state, in characters: a line in a table, not a stack trace. */
export const REASON_CHARS_MAX = 500
