/** The limits of shared storage, of an intake at the edge, and of what a core takes from it. */

/**
 * Events that an edge forwards in one request: one commit of the core, which takes its event loop
 * meanwhile, like a batch of /events.
 */
export const FORWARD_EVENTS_MAX = 500

/**
 * Bodies of one such request, and topics, keys, headers and values of its records, in bytes: a
 * Worker has 128 MB for all that it does at the same time. One event is always taken, whatever it
 * has: see EDGE_RECORDS_BYTES_MAX.
 */
export const FORWARD_BATCH_BYTES_MAX = 4 * 1024 * 1024

/**
 * What a core node reads of one such request, in bytes: more than an edge ever puts together, or
 * that would wait for ever, and a quarter of what may be in memory at once. Of the 4 MiB of a batch
 * base64 makes 5.3, and JSON at most 24, where all of it is keys of control characters; the names
 * of 500 events with 100 records each are 3.
 */
export const FORWARD_BYTES_MAX = 32 * 1024 * 1024

/**
 * How long a core node may take for one such request, in ms: its own deadline for a body, and a
 * commit. A Worker may go on for 30 s after its answer.
 */
export const FORWARD_MS_MAX = 20_000

/** A row of D1 holds at most 2 MB, of which a body is the largest part. */
export const EDGE_BODY_BYTES_MAX = 1024 * 1024

/**
 * Key, headers and value of a record that a handler makes at the edge, in bytes: D1 takes rows of
 * 2,000,000. An event with a larger one is stored, and failed.
 */
export const EDGE_RECORD_BYTES_MAX = 1_900_000

/**
 * All records of an event together, in bytes as above: it has to fit into a request of its own. An
 * event with more is stored, and failed.
 */
export const EDGE_RECORDS_BYTES_MAX = 4 * 1024 * 1024

/**
 * How long an invocation goes on to hand on what is stored, in ms: after an answer a Worker has 30
 * s, of which the last batch may take 20, and a schedule rings once a minute.
 */
export const PASS_AFTER_ANSWER_MS_MAX = 10_000
export const PASS_ON_SCHEDULE_MS_MAX = 50_000

/**
 * How long answers begin no pass after one that nobody took anything of, in ms: the first wait, and
 * the longest, which is as long as until a schedule tries anyway.
 */
export const AWAY_BASE_MS = 1_000
export const AWAY_MS_MAX = 60_000

/**
 * The Worker, compressed, in bytes: 445 KiB are measured, of which zod and kafkajs are half.
 * Cloudflare takes 3 MB in its free plan; every start parses all of it.
 */
export const WORKER_GZIP_BYTES_MAX = 600 * 1024

/**
 * What a start of the Worker may take until its first answer, in ms of the processor: 110 are
 * measured. Cloudflare refuses a Worker whose start takes 1 s of its own.
 */
export const WORKER_START_CPU_MS_MAX = 400

/**
 * How long a publisher is the only one where storage is shared, in ms: two sends and their marks,
 * and as long again for waiting. When it dies, another one waits as long.
 */
export const RELAY_LEASE_MS = 60_000

/**
 * One parameter of a statement of the portable store, in bytes: D1 takes 2,000,000 for a string, a
 * blob or a row, and a row has more than one column.
 */
export const PARAMETER_BYTES_MAX = 1024 * 1024

/**
 * The longest lease there is, in ms: a scheduled Worker may run for 15 minutes. One that ends later
 * than that was taken by a clock that was ahead, and counts for nothing.
 */
export const LEASE_MS_MAX = 15 * 60_000
