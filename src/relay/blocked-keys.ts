import type { EntryException } from '../outbox.ts'
import type { PoisonPolicy, RelayPorts } from './ports.ts'
import { keyName } from './publish.ts'

/**
 * The keys that wait for a person, kept in memory: reading 200,000 of them took 60 ms a batch. The
 * relay alone blocks keys, so it knows; whoever frees one rings.
 */
export interface BlockedKeys {
  /** By `keyName`; empty where refused records do not block their key. */
  current(): ReadonlySet<string>
  /** Adds those of the exceptions that block their key, once they are stored. */
  add(exceptions: readonly EntryException[]): void
}

/** Reads them from the outbox at first use, and after each ring. */
export function openBlockedKeys(
  { outbox, synced }: Pick<RelayPorts, 'outbox' | 'synced'>,
  poisonPolicy: PoisonPolicy,
): BlockedKeys {
  let keys = new Set<string>()
  let readAtRing = -1

  return {
    current() {
      // Asked for before reading: a ring that comes between is answered by the next reading.
      const rings = synced.rings()
      if (poisonPolicy === 'block-key' && rings !== readAtRing) {
        keys = new Set(outbox.blockedKeys().map(keyName))
        readAtRing = rings
      }
      return keys
    },
    add(exceptions) {
      if (poisonPolicy !== 'block-key') return
      for (const exception of exceptions) {
        if (exception.status === 'blocked') keys.add(keyName(exception))
      }
    },
  }
}
