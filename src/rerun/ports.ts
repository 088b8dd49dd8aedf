/** What the work on reruns needs of the storage, the handlers and the relay. */
import type { Clock, EpochMs } from '../clock.ts'
import type { Log } from '../log.ts'
import type {
  NewRerun,
  ReplayResult,
  Rerun,
  RerunChange,
  RerunCounts,
  RerunKind,
  RerunStep,
} from '../rerun.ts'
import type { FindPorts } from './find.ts'

export interface RerunPorts extends FindPorts {
  readonly clock: Clock
  readonly log: Log
  readonly byId: (id: string) => Rerun | undefined
  readonly firstRunning: (kind: RerunKind) => Rerun | undefined
  readonly countRunning: () => number
  /** These four resolve once it is on disk. */
  readonly create: (rerun: NewRerun, now: EpochMs) => Promise<void>
  readonly change: (change: RerunChange) => Promise<boolean>
  readonly start: (id: string) => Promise<void>
  readonly step: (step: RerunStep) => Promise<RerunCounts | undefined>
  /** Runs today's handlers over a stored event; undefined where it is gone. */
  readonly replay: (seq: number) => Promise<ReplayResult | undefined>
  /** Whether a refused record blocks those of its key that follow. */
  readonly hasBlockedKeys: boolean
  /** Makes the relay look at what was freed. */
  readonly ring: () => void
  /** Outbox entries that are on disk and not published. */
  readonly lag: () => number
}
