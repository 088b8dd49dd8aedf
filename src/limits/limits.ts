/** Every limit of the program: its unit is in its name, its reason above it. */

/**
 * Default for one request body. Standard Webhooks advises under 20 kB; the largest senders we
 * support stay under 1 MiB.
 */
export const BODY_BYTES_MAX = 1024 * 1024

/**
 * Part of INFLIGHT_BYTES_MAX that may be counted when it is declared, before it has arrived:
 * reading such a body costs 20 µs less at 28 kB, and 70 to 100 at 200 kB. Beyond it bytes are
 * counted as they arrive, so that senders who promise and never send cannot use it up.
 */
export const INFLIGHT_DECLARED_SHARE = 0.5

/**
 * Default for the time that one body may take, in ms. GitHub gives up on a whole delivery after 10
 * s, and no provider we support waits longer for a body to be read than this.
 */
export const BODY_MS_MAX = 15_000

/**
 * Default for the bodies in memory, from the first byte to the answer. What waits for a commit is a
 * part of it, so it is as much as that may be.
 */
export const INFLIGHT_BYTES_MAX = 128 * 1024 * 1024

/**
 * Default for requests that are open at once. A request waits a few ms, so that is more than the
 * machine can serve a second; each costs about 24 kB beside its body, and a file descriptor.
 */
export const CONNECTIONS_MAX = 4096

/**
 * Default for requests a second of one address that bring no delivery that verifies. Those that do
 * cost nothing, so no provider's burst is refused, also where all of a provider's traffic, or all
 * of a proxy's, comes from one address: GitHub does not send again what was refused. 1,000 requests
 * that are refused cost about a twentieth of a core.
 */
export const RATE_PER_ADDRESS = 1_000

/** A bucket holds what comes back in this time: what a burst may be above the rate. */
export const RATE_BURST_S = 10

/**
 * Requests a second of one address that may be refused for its own doing before the answer is 429:
 * somebody who sets up a webhook makes a few mistakes, and each one writes a line to the log.
 */
export const REFUSED_PER_SECOND = 1

/** Such requests at once: a provider with a wrong secret shows itself in the log, and no more. */
export const REFUSED_BURST = 50

/** Addresses whose spending is remembered: 125 bytes each in two tables, 13 MB at most. */
export const BUCKETS_MAX = 50_000

/** Proxies between a client and here: real ones are two or three, more is a forged header. */
export const PROXY_HOPS_MAX = 16

/**
 * How often the door looks at the disk and at slow bodies, and sums up what it refused, in ms. At
 * 100 MB/s a disk loses 100 MB in between, less than DISK_FREE_MIN_BYTES.
 */
export const DOOR_TICK_MS = 1_000

/**
 * How often it looks at the disk while nobody comes, in ms: others may fill it. Who comes makes it
 * look at once.
 */
export const DOOR_IDLE_TICK_MS = 30_000

/**
 * Default for the free space below which nothing is taken. What is in memory then is still stored
 * (128 MiB), and a checkpoint and retention, which frees space, need room to write.
 */
export const DISK_FREE_MIN_BYTES = 256 * 1024 * 1024

/** Events are taken again at this multiple of it, so that the door does not flap. */
export const DISK_FREE_HYSTERESIS = 1.25

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

/** CloudEvents promises only that events of 64 kB pass; no attribute in use comes near this. */
export const ATTRIBUTE_CHARS_MAX = 2048

/** Attributes of one CloudEvent: each becomes a header of its record. */
export const ATTRIBUTES_PER_EVENT_MAX = 64

/**
 * Events in one batch, which is one commit and one answer, and takes the event loop meanwhile:
 * 500 of 1.5 kB took 30 to 60 ms from the first byte to the answer.
 */
export const EVENTS_PER_BATCH_MAX = 500

/** What is wrong with a request is listed up to here: an answer is no report. */
export const ISSUES_MAX = 100

/** As Stripe's, where the header comes from. */
export const IDEMPOTENCY_KEY_CHARS_MAX = 255

/** A token shorter than this can be guessed, and unlike a signing secret it is sent every time. */
export const TOKEN_CHARS_MIN = 16

/** A challenge that a provider wants sent back; Slack's have about 50 characters. */
export const HANDSHAKE_CHARS_MAX = 512

/** A probe without proof is read only up to here, in bytes; real ones have under 1 kB. */
export const HANDSHAKE_BYTES_MAX = 16 * 1024

/**
 * Events in one delivery of a provider: Event Grid's own maximum, the highest. They are handled
 * and stored in one go: 5,000 of 190 bytes took 250 to 290 ms from the first byte to the answer.
 */
export const BATCH_EVENTS_MAX = 5_000

/**
 * Fields of a form whose fields are signed: Twilio and Mandrill send some dozens. 1 MiB of nothing
 * but `&` would take 300 ms to sort.
 */
export const FORM_FIELDS_MAX = 1_000

/** Signatures tried per delivery: providers send at most a handful during a rotation. */
export const SIGNATURES_MAX = 16

/**
 * A secret shorter than this can be guessed; Standard Webhooks asks for 24 to 64 bytes. GitHub's
 * docs show shorter ones, so it is a floor, not advice.
 */
export const SECRET_BYTES_MIN = 8

/**
 * Key, headers and value of a record that a handler makes, in bytes. Above a broker's
 * `socket.request.max.bytes`, 100 MiB, it would close the connection without a word, and one such
 * record would hold up all the others.
 */
export const RECORD_BYTES_MAX = 16 * 1024 * 1024

/** Records that one handler call may return. */
export const RECORDS_PER_EVENT_MAX = 100

/**
 * How long an id that is only a hash of an undated body counts as the event's
 * id: the retry horizon.
 */
export const HASH_ID_VALID_MS = 15 * 60 * 1000

/**
 * One commit takes at most this many deliveries: a transaction of 1,024 kept the event loop for 20
 * to 40 ms, and 256 share a sync as well.
 */
export const COMMIT_DELIVERIES_MAX = 256

/** One commit takes at most this many body bytes; they become one chunk row. */
export const COMMIT_BYTES_MAX = 8 * 1024 * 1024

/**
 * Chunks from here on are packed, in bytes. It is for events that come alone: a page holds one
 * body of 2.3 kB, and two or three that are packed, 4.4 and 1.6 kB of disk an event, for 10 µs. Of
 * a smaller one several share a page anyway.
 */
export const PACK_BYTES_MIN = 1024

/** zstd's fastest ordinary one: 1.3 µs an event of 2.3 kB where 75 are packed together. */
export const PACK_LEVEL = 1

/**
 * The packed chunk is kept where it has at most this share of the bytes: a tenth of the pages costs
 * as much as unpacking all of it. Bodies that are encrypted, or packed by their senders, stay as
 * they are, and trying takes 0.5 µs a kB.
 */
export const PACKED_SHARE_MAX = 0.9

/** Bodies waiting for a commit. Above it intake answers 503, because memory is not a queue. */
export const PENDING_BYTES_MAX = 128 * 1024 * 1024

/**
 * What a waiting event is counted with besides its body: its strings, its promise, its
 * place in the queue.
 */
export const EVENT_OVERHEAD_BYTES = 1024

/** One relay batch, and so what a crash repeats at most. */
export const RELAY_BATCH_ENTRIES_MAX = 500

/**
 * One relay batch in bytes, below Kafka's default `max.message.bytes` of 1,048,588 for
 * a whole record batch.
 */
export const RELAY_BATCH_BYTES_MAX = 900 * 1024

/** When nothing wakes the relay, it looks for itself: a safety net, not the mechanism. */
export const RELAY_POLL_MS = 5_000

/** How long Kafka may be back before that is seen, in ms, while there is nothing to send to it. */
export const RELAY_KNOCK_MS_MAX = 30_000

/**
 * Everything that one send to Kafka may take, connecting included, before its
 * outcome counts as unknown.
 */
export const PUBLISH_MS_MAX = 20_000

/** A token endpoint that is slower than this is away; a send has its own, longer time. */
export const TOKEN_MS_MAX = 10_000

/** A token's answer: real ones have a few KB. */
export const TOKEN_BYTES_MAX = 64 * 1024

/**
 * A call to a third party, from the look-up of its name to the last byte: key servers answer in
 * tens of ms, and a delivery that waits for a key is given up by its sender after 3 to 15 s.
 */
export const OUTBOUND_MS_MAX = 5_000

/** Its answer: real certificates and key sets have a few kB. */
export const OUTBOUND_BYTES_MAX = 64 * 1024

/** Calls that confirm subscriptions and wait to be made: an account has a handful. */
export const CONFIRMATIONS_MAX = 100

/** Tries of one, within about 15 s: the address stays valid for days, and can be sent again. */
export const CONFIRMATION_TRIES_MAX = 4

/**
 * How long a provider's secret is waited for, in ms: the time to find the page at the provider and
 * to fill it in. Whoever knows the URL could send one meanwhile.
 */
export const PAIRING_MS_MAX = 10 * 60_000

/** Secrets that one source may learn: each costs a MAC a delivery, about 2 µs. */
export const LEARNT_SECRETS_MAX = 32

/** Addresses of one name that are tried; the time is the same for all. */
export const OUTBOUND_ADDRESSES_MAX = 3

/**
 * A key that is in use is fetched again in the background when it is this old: so long a key that
 * its provider withdraws still counts. Their own advice is 24 hours (fal.ai, Plaid).
 */
export const KEY_REFRESH_MS = 60 * 60_000

/** A key that could not be fetched again for this long is no longer used. */
export const KEY_EXPIRES_MS = 24 * 60 * 60_000

/**
 * How long a delivery waits for a key that was never seen: the tightest provider with such keys
 * waits for 10 s altogether, and its next try finds the key here.
 */
export const KEY_WAIT_MS_MAX = 3_000

/** A place that did not have a key, or did not answer, is asked again only after this time. */
export const KEY_MISS_MS = 10_000

/** Look-ups of one source for keys it has not: genuine ones are a few a month. */
export const KEY_LOOKUP_EVERY_MS = 1_000

/** Places whose keys are remembered: real ones are one or two for each source; 1 kB each. */
export const KEY_PLACES_MAX = 256

/** Keys of one set, which real ones have up to ten of. */
export const KEYS_PER_SET_MAX = 64

/** Certificates in one file: the provider's own, and two or three between it and a root. */
export const CERTIFICATES_PER_CHAIN_MAX = 5

/** Shorter RSA keys are forged: NIST SP 800-131A disallows them since 2014. */
export const RSA_BITS_MIN = 2_048

/** With the exponent 1, whatever is sent is a signature; 3 is the smallest that RFC 8017 allows. */
export const RSA_EXPONENT_MIN = 3n

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

/** Tries of a handler that asks for another one, the first included. */
export const HANDLER_TRIES_MAX = 5

/**
 * The pause before a handler's second try, doubled for each further one: the four pauses last 37 to
 * 75 s together, the time in which a neighbour restarts.
 */
export const HANDLER_RETRY_BASE_MS = 5_000
export const HANDLER_RETRY_MS_MAX = 60_000

/** Handlers tried again at the same time: between two such groups others get their turn. */
export const HANDLER_RETRIES_AT_ONCE = 16

/**
 * Default for a rerun, in records a second: a tenth of what intake takes on two cores, and a
 * million in half an hour.
 */
export const RERUN_PER_SECOND = 500
export const RERUN_PER_SECOND_MAX = 10_000

/** Events of one step of a rerun: as many handlers may run before others get their turn. */
export const RERUN_STEP_EVENTS_MAX = 32

/** Bytes that one step of a rerun reads, or writes again: a few ms of the event loop. */
export const RERUN_STEP_BYTES_MAX = 1024 * 1024

/** A rerun waits while so many outbox entries are not published: what is new goes first. */
export const RERUN_LAG_MAX = 10_000

/** How often a rerun that waits looks again, in ms. */
export const RERUN_WAIT_MS = 1_000

/** Processes that may end in one step of a rerun before it is given up: a handler ends them. */
export const RERUN_STARTS_MAX = 5

/** Reruns that are not at their end; one of each kind is under way, the others wait. */
export const RERUNS_MAX = 16

/** Events that one rerun may name by their seqs: it stays one short row. */
export const RERUN_SEQS_MAX = 1_000

/** Reruns that are listed, the newest. */
export const RERUNS_LISTED_MAX = 100

/** How long a plan may count, in ms: somebody waits for it. */
export const RERUN_PLAN_MS_MAX = 2_000

/** Events that a plan counts before it looks at the time: 20 ms of the thread that reads. */
export const RERUN_PLAN_SLICE = 1_000

/** How often due retries are looked for, in ms: half of the shortest pause before one. */
export const HANDLER_RETRY_POLL_MS = HANDLER_RETRY_BASE_MS / 2

/** The same where nothing waits, in ms: a commit ends it, this is a safety net. */
export const HANDLER_RETRY_IDLE_MS = 10 * 60_000

/**
 * Files change in several steps, a deploy's or an editor's: handlers and secrets are loaded again
 * once nothing has changed for this long, and after so many such pauses in any case.
 */
export const RELOAD_QUIET_MS = 250
export const RELOAD_QUIET_TURNS_MAX = 20

/** How long handler files may take to load again; what is loaded goes on meanwhile. */
export const HANDLER_TRIAL_MS_MAX = 10_000

/** What a body whose length is not known begins with, in bytes: most webhooks fit, and it grows. */
export const BODY_BUFFER_BYTES = 16 * 1024

/** Chunks of a body that may have any size. */
export const BODY_CHUNKS_FREE = 1_024

/**
 * What chunks beyond that must hold on average, in bytes. Each costs microseconds whatever it
 * holds, and no HTTP client that sends a body for its own sake cuts it into crumbs.
 */
export const BODY_CHUNK_BYTES_MIN = 64
