/** The limits of an intake at the edge, and of what a core node takes from it. */

/**
 * Events that an edge forwards in one request: one commit of the core, which takes its event loop
 * meanwhile, like a batch of /events.
 */
export const FORWARD_EVENTS_MAX = 500

/**
 * What a core node reads of one such request, in bytes: more than an edge puts together, so that
 * an event with many large records passes, and a quarter of what may be in memory at once.
 */
export const FORWARD_BYTES_MAX = 32 * 1024 * 1024

/**
 * How long a core node may take for one such request, in ms: its own deadline for a body, and a
 * commit. A Worker may go on for 30 s after its answer.
 */
export const FORWARD_MS_MAX = 20_000
