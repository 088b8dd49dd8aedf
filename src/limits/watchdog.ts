/** Limits of user code that does not give its thread back; see limits.ts. */

/**
 * A handler that keeps the thread for this long ends the process: providers give up after 5 to 30
 * s, so everything that waits behind it is sent again anyway.
 */
export const HANDLER_BLOCK_MS_MAX = 10_000

/**
 * Processes that may end while an event is handled, and nothing else, before it is given up. Each
 * takes intake along for those 10 s and a start, so few.
 */
export const HANDLER_BLOCKS_MAX = 3

/**
 * The same with those that ended while other handlers waited, too: such an end proves nothing, but
 * where webhooks always wait for something there is no other, and it must not go on for ever.
 */
export const HANDLER_SUSPICIONS_MAX = 10

/**
 * Handlers that wait of which the watchdog knows the names, the latest: 165 kB. The one that has
 * not returned has a name beside those.
 */
export const WATCHED_CALLS_MAX = 64

/** Notes of what ran when a process ended, in lines of a file: ten ends with all that waited. */
export const SUSPECT_NOTES_MAX = 1024

/** How often the main thread says that it lives while handlers run, and that is looked at. */
export const HEARTBEAT_MS = 500

/** How long a heartbeat sleeps at most, in ms, until a handler wakes it: it says nothing then. */
export const HEARTBEAT_IDLE_MS = 60_000
