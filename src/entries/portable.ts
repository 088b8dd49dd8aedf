/**
 * The wiring that all runtimes beside Bun share: what the port for third and first parties answers,
 * over storage that takes batches of statements.
 */
import type { Hono } from 'hono'
import type { PortableStore } from '../../db/portable/portable-store.ts'
import { eventsRoutes } from '../../routes/events.ts'
import { hooksRoutes, type HooksBindings } from '../../routes/hooks.ts'
import type { Clock } from '../clock.ts'
import type { Refused } from '../delivery.ts'
import type { Door } from '../door/door.ts'
import type { RecordLimits } from '../handler-result.ts'
import type { ProbePorts } from '../ingest/handshake.ts'
import type { HintPort } from '../ingest/ingest.ts'
import type { Log } from '../log.ts'
import { bugReporter } from '../wiring/bugs.ts'
import { intakeOf } from '../wiring/intake.ts'
import type { Serving } from '../wiring/serving.ts'

export interface IntakePorts {
  readonly clock: Clock
  readonly log: Log
  readonly door: Door
  readonly store: Pick<PortableStore, 'commit' | 'commitAll' | 'findAnswer'>
  readonly hint: HintPort
  readonly confirm: ProbePorts['confirm']
  /** Where there is a process: ends it, because what must never be has happened. */
  readonly onFatal?: (error: unknown) => void
  /** What the storage takes of records. Default: what every other does. */
  readonly recordLimits?: RecordLimits
}

const NO_PAIRING: Refused = {
  kind: 'refused',
  code: 'PAIRING_CLOSED',
  detail: 'a secret is learnt only by a core on Bun: configure it',
}

/** The routes `/hooks/<source>` and `/events`. */
export function intakeRoutes(
  { config, sources, callers }: Serving,
  { clock, log, door, store, hint, confirm, onFatal, recordLimits }: IntakePorts,
): Hono<{ Bindings: HooksBindings }> {
  const { hooks, events } = intakeOf(config, {
    log,
    door,
    stages: {
      clock,
      handlerMsMax: config.INLET_HANDLER_MS_MAX,
      recordLimits,
      hint,
      probes: { confirm, learn: () => Promise.resolve(NO_PAIRING) },
      commit: (event) => store.commit(event),
      commitAll: (batch, answer) => store.commitAll(batch, answer),
      findAnswer: (caller, key) => store.findAnswer(caller, key),
    },
    source: (name) => sources.get(name),
    callers: () => callers.values(),
    around: (_, take) => take,
    count: () => undefined,
    reject: () => undefined,
    onBug: bugReporter(log, onFatal),
  })
  return hooksRoutes(hooks).route('/', eventsRoutes(events))
}
