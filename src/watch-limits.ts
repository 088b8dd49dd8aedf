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
