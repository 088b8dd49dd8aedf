/** Limits of how long a delivery waits for its turn; see limits.ts. */

/**
 * How long a delivery may have to wait for its turn, in ms, before it is refused: a quarter of the
 * second that the least patient providers give (Qonto, Sentry), because it also has to come here,
 * to be stored and to be answered. A burst is taken as long as it can be worked off in this time.
 */
export const WAIT_MS_MAX = 250

/**
 * How long a sync of the disk may have taken, in ms, before deliveries are refused. It may well be
 * as long again, and their own one follows: together within the three seconds that most providers
 * give. A shorter pause of a disk is waited out, because some of them try only once.
 */
export const SYNC_WAIT_MS_MAX = 1_000

/**
 * How long deliveries are worked on before the event loop looks at its sockets again, in ms. At
 * twice of what can be taken a refusal took 2.2 ms with this (median; p99 18), 6.8 with 2 (27), and
 * as much was taken: a commit gathers for several turns.
 */
export const TURN_MS_MAX = 0.5

/**
 * While deliveries wait for their turn, a commit begins with this many. As soon as the last was on
 * disk, at full load, there were 70 bodies of 2.3 kB for it and 41 of 7.7 kB: a commit and its sync
 * cost the same, however few share them. With more of them it keeps the event loop for longer.
 */
export const COMMIT_DELIVERIES_ENOUGH = 128

/**
 * It gathers for so long at most, in ms, and to the end of that turn of the event loop: all that
 * wait may be about to be refused. At full load that is about 16 turns of TURN_MS_MAX. But a turn
 * is one task at least: where 16 were counted, and tasks took 20 ms, one waited for 0.34 s.
 */
export const GATHER_MS_MAX = 8

/**
 * How long after a start the relay and the deletion of what is old begin, in ms. They take the core
 * for 25 ms, and whoever has waited for the start would wait for them, too; what is not published
 * yet has been waiting for longer.
 */
export const FIRST_CALLS_MS = 100

/**
 * How long a relay that is behind leaves the core to a short line of deliveries, in ms, after one
 * batch. With a second, after a hiccup of the machine at half load, records were 0.8 s late (p99).
 */
export const RELAY_PAUSE_MS_MAX = 100

/**
 * Deliveries count as being refused for so long after the last one that was, in ms. The length of
 * the line does not say so: 1,800 senders that wait for each answer make one of 225 ms where 8,000
 * deliveries a second are taken, and none of them was refused for 12 s.
 */
export const REFUSING_MS = 1_000

/**
 * How long the relay leaves the core to deliveries while some of them are refused, in ms, after one
 * batch: however long more comes than can be answered, it publishes nearly a batch a second.
 */
export const RELAY_LONG_PAUSE_MS = 1_000
