/** The limits of consumers: see limits.ts. */

/** Default for records of different keys that one consumer handles at once: calls that wait. */
export const CONSUMER_CONCURRENCY = 16
export const CONSUMER_CONCURRENCY_MAX = 1_024

/** Default for one try of a consumer's handler: what it calls has its own, shorter time. */
export const CONSUMER_TIMEOUT_MS = 30_000

/** How long a handler whose signal has aborted is waited for before its key goes on, in ms. */
export const CONSUMER_ABORT_MS_MAX = 5_000

/**
 * Default tries of a record whose handler throws: with the pauses below they take about 6 s, the
 * time of a lost connection.
 */
export const CONSUMER_TRIES_MAX = 5

/** And where it throws a RetryableError: about 12 minutes, the time of a deploy of a neighbour. */
export const CONSUMER_RETRYABLE_TRIES_MAX = 20

/** The pause before the second try, doubled for each further one. */
export const CONSUMER_RETRY_BASE_MS = 500
export const CONSUMER_RETRY_MS_MAX = 60_000

/** Records of one partition that are fetched and not finished: then it is not fetched from. */
export const CONSUMER_PARTITION_RECORDS_MAX = 2_000

/** Bytes of one consumer that are fetched and not finished; a fetch under way comes on top. */
export const CONSUMER_BYTES_MAX = 32 * 1024 * 1024

/** What a consumer may say instead: less than one fetch of a partition would only stop it. */
export const CONSUMER_BYTES_SETTING = { min: 1024 * 1024, max: 1024 * 1024 * 1024 } as const

/**
 * How far a partition may be ahead of its earliest unfinished record: so many are fetched again
 * after a restart, and found to be processed.
 */
export const CONSUMER_AHEAD_MAX = 20_000

/** What a fetched record is counted with besides its key, value and headers. */
export const CONSUMER_RECORD_OVERHEAD_BYTES = 512

/**
 * Records of one commit, and how many of them may be events of their own: those that publish take
 * 15 µs each on the thread that takes requests, the others 1. More records share the 0.4 ms of a
 * transaction and its sync; so many are handled again after a crash.
 */
export const CONSUMER_COMMIT_RECORDS_MAX = 2_000
export const CONSUMER_COMMIT_EVENTS_MAX = 500

/** Offsets are told to Kafka this often, in ms: a restart of the same file does not need them. */
export const CONSUMER_OFFSETS_MS = 1_000

/** How often Kafka is asked how far partitions are that are not fetched from, in ms. */
export const CONSUMER_ENDS_MS = 5_000

/** How long a full consumer keeps the fetch waiting before it pauses the partition, in ms. */
export const CONSUMER_ROOM_MS_MAX = 1_000

/**
 * A consumer that has neither fetched nor heartbeated for so long has stopped without a word, in
 * ms: it is started anew. Longer than kafkajs may take for one request.
 */
export const CONSUMER_SILENT_MS_MAX = 45_000

/**
 * A member that is silent for this long leaves its group, in ms: for so long nobody reads its
 * partitions after a crash. Heartbeats wait for no handler, and a thread that is blocked ends.
 */
export const CONSUMER_SESSION_MS = 10_000

/** How long Kafka holds a fetch that finds nothing, in ms: fetches a second of an idle consumer. */
export const CONSUMER_FETCH_WAIT_MS = 500

/**
 * One fetch in bytes, and of one partition in it: Kafka sends at least one batch whatever this.
 * Twice as much takes 10 % more CPU time a record, in memory that is new each time.
 */
export const CONSUMER_FETCH_BYTES_MAX = 4 * 1024 * 1024
export const CONSUMER_PARTITION_BYTES_MAX = 1024 * 1024

/**
 * How long records are handled in one go, where their handlers do not wait, in ms: about 100
 * records. What comes in at the door waits for so long, on the same thread.
 */
export const CONSUMER_TURN_MS = 2

/**
 * One batch of records when it is decompressed, in bytes: 250 kB of gzip may be 250 MB. Producers
 * fill batches of 16 kB to 1 MiB before they compress them.
 */
export const CONSUMER_BATCH_BYTES_MAX = 64 * 1024 * 1024

/**
 * What of one fetch is decompressed, in bytes: the rest is fetched again, when this is handled. The
 * last batch comes on top. As much as a consumer has in memory by default.
 */
export const CONSUMER_RESPONSE_BYTES_MAX = 32 * 1024 * 1024

/** The JSON of one state, in bytes: a few numbers and names; lists belong into a database. */
export const CONSUMER_STATE_BYTES_MAX = 64 * 1024

/** Keys with state, and windows, of one consumer: with small states about 200 MB on disk. */
export const CONSUMER_STATE_ENTRIES_MAX = 1_000_000

/** What a consumer may say instead: with small states about 20 GB. */
export const CONSUMER_STATE_ENTRIES_SETTING_MAX = 100_000_000

/**
 * Changes after which entries are counted anew, when none waits: of two records with one identity
 * that ran side by side the second one's changes count, and are not stored.
 */
export const CONSUMER_STATE_RECOUNT = 10_000

/** Windows that one event may be in: `hopping('1h', '30s')` has 120. */
export const CONSUMER_WINDOWS_PER_EVENT_MAX = 120

/** Windows that are closed in one go, before what came of them is on disk: bounds memory. */
export const CONSUMER_WINDOW_CLOSES_MAX = 500

/** Default for how far events overtake one another, in ms: deliveries vary by seconds. */
export const CONSUMER_OUT_OF_ORDERNESS_MS = 30_000

/**
 * The silence of a partition after which its windows close by the clock, in ms. Longer than a
 * producer takes to start anew: what it had to send then would be late.
 */
export const CONSUMER_IDLE_MS_MIN = 60_000

/**
 * What a fetch that finds nothing says of the time since the one before it, at most, in ms: they
 * are CONSUMER_FETCH_WAIT_MS apart. A partition without a leader is not asked, and is not silent.
 */
export const CONSUMER_SILENCE_STEP_MS = 5_000

/**
 * How far ahead of the clock the time of an event may be, in ms: one wrong clock must not close
 * every window that is open.
 */
export const CONSUMER_EVENT_AHEAD_MS_MAX = 60 * 60 * 1_000

/** How long a consumer that stops may wait for its handlers, in ms; then their results are lost. */
export const CONSUMER_STOP_MS_MAX = 5_000
