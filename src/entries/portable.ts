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
import type { Door, Sender } from '../door/door.ts'
import type { Visit } from '../door/visit.ts'
import type { RecordLimits } from '../handler-result.ts'
import { authenticate } from '../ingest/authenticate.ts'
import type { ProbePorts } from '../ingest/handshake.ts'
import { ingestEvents, type IngestEventsPorts } from '../ingest/ingest-events.ts'
import { ingest, type HintPort, type IngestPorts } from '../ingest/ingest.ts'
import { receive } from '../ingest/receive.ts'
import type { Log } from '../log.ts'
import { bugReporter } from '../wiring/bugs.ts'
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
  const handlePorts = { clock, handlerMsMax: config.INLET_HANDLER_MS_MAX, recordLimits }
  const ingestPorts: IngestPorts = {
    ...handlePorts,
    hint,
    probes: { confirm, learn: () => Promise.resolve(NO_PAIRING) },
    commit: (event) => store.commit(event),
    commitAll: (events) => store.commitAll(events),
  }
  const ingestEventsPorts: IngestEventsPorts = {
    ...handlePorts,
    hint,
    isKeyRequired: config.INLET_EVENTS_IDEMPOTENCY_KEY === 'required',
    running: new Set(),
    findAnswer: (caller, key) => store.findAnswer(caller, key),
    commitAll: (events, answer) => store.commitAll(events, answer),
  }
  const bodyBytesMax = config.INLET_BODY_BYTES_MAX
  const common = {
    clock,
    log,
    logDeliveries: config.INLET_LOG_DELIVERIES,
    enter: (request: Request, sender: Sender) => door.enter(request, sender),
    receive: (request: Request, source: string, budget: Visit) =>
      receive(request, source, { clock, bodyBytesMax, budget }),
    count: () => undefined,
    reject: () => undefined,
    onBug: bugReporter(log, onFatal),
  }
  const events = eventsRoutes({
    ...common,
    authenticate: (authorization) => authenticate(authorization, callers.values()),
    ingest: (delivery, caller) => ingestEvents(delivery, caller, ingestEventsPorts),
  })
  return hooksRoutes<Visit>({
    ...common,
    source: (name) => sources.get(name),
    ingest: (delivery, source) => ingest(delivery, source, ingestPorts),
  }).route('/', events)
}
