import { messageOf } from '../faults/faults.ts'
import { DISK_FREE_HYSTERESIS } from '../limits/limits.ts'
import type { Log } from '../log.ts'

export interface DiskOptions {
  readonly log: Log
  /** Below this much free space nothing is taken, in bytes; 0: not looked at. */
  readonly freeMinBytes: number
  /** The bytes that this user may still write, beside the database. */
  readonly freeBytes: () => number
}

/** Whether there is room for more events. */
export interface Disk {
  readonly isLow: boolean
  /** At the last look; null where nobody looks. */
  readonly freeBytes: number | null
  look(): void
}

/**
 * Watches the free space. It is low below the limit, and no longer low only well above it: at
 * the limit itself every commit and every deletion would open and close the door.
 */
export function openDisk({ log, freeMinBytes, freeBytes }: DiskOptions): Disk {
  const enoughBytes = freeMinBytes * DISK_FREE_HYSTERESIS
  let isLow = false
  let lastBytes: number | null = null
  let isBlind = false

  function look(): void {
    if (freeMinBytes === 0) return
    try {
      lastBytes = freeBytes()
      isBlind = false
    } catch (error) {
      // What was seen last holds; a commit that finds no room still says so.
      if (!isBlind) log.error('disk.unseen', { reason: messageOf(error) })
      isBlind = true
      return
    }
    const line = { freeBytes: lastBytes, freeMinBytes }
    if (!isLow && lastBytes < freeMinBytes) {
      isLow = true
      const hint =
        'Free space in INLET_DATA_DIR, or raise INLET_DATABASE_BYTES_MAX where it is set; events ' +
        'are refused with 503 until then.'
      log.error('disk.low', { ...line, hint })
    } else if (isLow && lastBytes >= enoughBytes) {
      isLow = false
      log.info('disk.enough', line)
    }
  }

  return {
    get isLow() {
      return isLow
    },
    get freeBytes() {
      return lastBytes
    },
    look,
  }
}
