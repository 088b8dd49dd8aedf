/** Every limit of the program: its unit is in its name, its reason above it. */

/**
 * Default for one request body. Standard Webhooks advises under 20 kB; the largest senders we
 * support stay under 1 MiB.
 */
export const BODY_BYTES_MAX = 1024 * 1024

/** Names of sources appear in URLs, environment variables and topics: a short, safe alphabet. */
export const SOURCE_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/

/** Kafka's own rule for topic names (org.apache.kafka.common.internals.Topic). */
export const TOPIC_NAME = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/

/**
 * An event id longer than this is no id; the provider catalogue's longest are under 100 characters.
 */
export const EVENT_ID_CHARS_MAX = 512

/** A type names a route; longer ones are cut by no known provider. */
export const EVENT_TYPE_CHARS_MAX = 256

/** A challenge that a provider wants sent back; Slack's have about 50 characters. */
export const HANDSHAKE_CHARS_MAX = 512

/** Signatures tried per delivery: providers send at most a handful during a rotation. */
export const SIGNATURES_MAX = 16

/**
 * A secret shorter than this can be guessed; Standard Webhooks asks for 24 to 64 bytes. GitHub's
 * docs show shorter ones, so it is a floor, not advice.
 */
export const SECRET_BYTES_MIN = 8

/** Records that one handler call may return. */
export const RECORDS_PER_EVENT_MAX = 100

/**
 * How long an id that is only a hash of an undated body counts as the event's
 * id: the retry horizon.
 */
export const HASH_ID_VALID_MS = 15 * 60 * 1000

/**
 * One commit takes at most this many deliveries: bounds the memory of one transaction and
 * the wait behind it.
 */
export const COMMIT_DELIVERIES_MAX = 1024

/** One commit takes at most this many body bytes; they become one chunk row. */
export const COMMIT_BYTES_MAX = 8 * 1024 * 1024

/** Bodies waiting for a commit. Above it intake answers 503, because memory is not a queue. */
export const PENDING_BYTES_MAX = 128 * 1024 * 1024

/**
 * What a waiting event is counted with besides its body: its strings, its promise, its
 * place in the queue.
 */
export const EVENT_OVERHEAD_BYTES = 1024

/** One relay batch: kafkajs groups messages quadratically, so it stays small. */
export const RELAY_BATCH_ENTRIES_MAX = 500

/**
 * One relay batch in bytes, below Kafka's default `max.message.bytes` of 1,048,588 for
 * a whole record batch.
 */
export const RELAY_BATCH_BYTES_MAX = 900 * 1024

/** When nothing wakes the relay, it looks for itself: a safety net, not the mechanism. */
export const RELAY_POLL_MS = 5_000

/**
 * Everything that one send to Kafka may take, connecting included, before its
 * outcome counts as unknown.
 */
export const PUBLISH_MS_MAX = 20_000

/** A token endpoint that is slower than this is away; a send has its own, longer time. */
export const TOKEN_MS_MAX = 10_000

/** A token's answer: real ones have a few KB. */
export const TOKEN_BYTES_MAX = 64 * 1024

/** A handler's time, queueing included, before its event is stored as `failed`. */
export const HANDLER_MS_MAX = 800

/** Redis slower than this is skipped: it is only a hint. */
export const HINT_MS_MAX = 150

/** A claim in Redis outlives the longest time that one delivery may take, and no longer. */
export const CLAIM_TTL_MS = 30_000

/**
 * Calls to Redis that may fail in a row before it is skipped without asking: one could be chance.
 */
export const HINT_FAILURES_MAX = 5

/**
 * While Redis is skipped, one delivery in this time asks it again, and may wait
 * `HINT_MS_MAX` for the answer.
 */
export const HINT_PAUSE_MS = 1_000

/** The start waits this long for the first connection to Redis, and goes on without. */
export const HINT_CONNECT_MS_MAX = 1_000

/**
 * A connection to Redis that owes an answer for this long is dead, and replaced: TCP alone
 * takes minutes to notice.
 */
export const HINT_SILENCE_MS_MAX = 2_000

/** A lost connection to Redis is tried again at least this often. */
export const HINT_RECONNECT_MS_MAX = 2_000

/**
 * How often retention looks for rows past their time, in ms: a day's traffic is then
 * deleted in small portions.
 */
export const RETENTION_POLL_MS = 10 * 60_000
