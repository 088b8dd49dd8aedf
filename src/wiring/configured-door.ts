import type { Clock } from '../clock.ts'
import type { CommitMeter } from '../readings/commit-meter.ts'
import type { Config } from '../settings/config.ts'
import { openDoor, type Door } from '../door/door.ts'
import type { Log } from '../log.ts'

export interface DoorPorts {
  readonly clock: Clock
  readonly log: Log
  /** The bytes that may still be stored. */
  readonly room: () => number
  /** Default: nobody measures, and no disk is too slow. */
  readonly meter?: Pick<CommitMeter, 'syncingMs'> | undefined
}

/** The limits at the door, as they are configured. */
export function openConfiguredDoor(config: Config, { clock, log, room, meter }: DoorPorts): Door {
  return openDoor({
    clock,
    log,
    trustedProxies: config.INLET_TRUSTED_PROXIES,
    ratePerAddress: config.INLET_RATE_PER_ADDRESS,
    ratePerSource: config.INLET_RATE_PER_SOURCE,
    connectionsMax: config.INLET_CONNECTIONS_MAX,
    inflightBytesMax: config.INLET_INFLIGHT_BYTES_MAX,
    bodyMsMax: config.INLET_BODY_MS_MAX,
    diskFreeMinBytes: config.INLET_DISK_FREE_MIN_BYTES,
    freeBytes: room,
    syncingMs: () => meter?.syncingMs() ?? 0,
  })
}
