/** The wiring's third part: what is counted, kept and watched beside the path of a delivery. */
import type { Clock } from './clock.ts'
import { CommitMeter } from './commit-meter.ts'
import type { Config } from './config.ts'
import { openRejections, type Rejections } from './rejections/rejections.ts'
import { Traffic } from './traffic.ts'

/** What the stages tell, each through the part that it needs. */
export interface Observation {
  readonly traffic: Traffic
  readonly meter: CommitMeter
  readonly rejections: Rejections
}

export function openObservation(config: Config, { clock }: { readonly clock: Clock }): Observation {
  return {
    traffic: new Traffic(clock),
    meter: new CommitMeter(clock),
    rejections: openRejections({ clock, keepsBodies: config.INLET_KEEP_REJECTED_BODIES }),
  }
}
