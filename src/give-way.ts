import { getPriority, setPriority } from 'node:os'

/** As nice as Linux knows. */
const NICEST = 19

/** How much nicer than the others a thread is that gives way: under load a tenth of a core. */
const NICENESS = 10

/**
 * Makes this thread give way to the others of its process, where there is not a core for each:
 * what has been sent is waited for, what is on disk can be a little later. Only on Linux, where a
 * niceness is a thread's own; elsewhere it would be that of the process.
 */
export function giveWay(): void {
  if (process.platform === 'linux') setPriority(Math.min(NICEST, getPriority() + NICENESS))
}
