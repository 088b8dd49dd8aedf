/** The limits of the admin port, like those of limits.ts. */

/** Events in one page of the admin API: as many rows take 150 kB and 1 ms to write out. */
export const SEARCH_LIMIT_MAX = 500

/** What is looked for in bodies, in characters: more is no search. */
export const SEARCH_TEXT_CHARS_MAX = 256

/**
 * How long one search may take, in ms: then it answers what it found so far, and where to go on.
 * Others wait for their turn meanwhile.
 */
export const SEARCH_MS_MAX = 250

/** Questions about stored events that may wait for their turn. */
export const QUESTIONS_WAITING_MAX = 32

/**
 * A question that has no answer by then, in ms, has none: the thread that should have it is
 * replaced. All that may wait before it take 8 s together.
 */
export const QUESTION_MS_MAX = 20_000

/** How long a browser stays logged in to the admin port, in ms: a working day. */
export const SESSION_MS_MAX = 12 * 60 * 60_000

/** Browsers that are logged in at once; the one that logged in first gives way. */
export const SESSIONS_MAX = 100

/** Wrong admin tokens of one address: so many at once, and as many a second after that. */
export const LOGIN_BURST = 10
export const LOGIN_PER_SECOND = 0.1

/** How often the log says that tokens are guessed, in ms: a flood of them is a line each. */
export const WRONG_TOKENS_TELL_MS = 10_000

/** Addresses whose wrong tokens are remembered. */
export const LOGIN_ADDRESSES_MAX = 1_000

/** The body of a request to the admin API, in bytes: a query is far smaller. */
export const ADMIN_BODY_BYTES_MAX = 64 * 1024

/** Live tails that are open at once: each is a browser's page or a terminal. */
export const TAILS_MAX = 20

/** Deliveries that wait for the reader of a tail, 300 bytes each; the others are only counted. */
export const TAIL_WAITING_MAX = 500

/** How often a silent tail says that it lives, in ms: after 30 s its connection is closed. */
export const TAIL_PING_MS = 10_000
