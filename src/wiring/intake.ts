/** What stands behind the doors for third and first parties, in every runtime. */
import type { EventsPorts } from '../../routes/events.ts'
import type { HooksPorts } from '../../routes/hooks.ts'
import type { Caller } from '../caller.ts'
import type { Door, Sender } from '../door/door.ts'
import type { Visit } from '../door/visit.ts'
import { authenticate } from '../ingest/authenticate.ts'
import { openIngestEvents, type IngestEventsPorts } from '../ingest/ingest-events.ts'
import { ingest, type IngestPorts } from '../ingest/ingest.ts'
import { receive } from '../ingest/receive.ts'
import type { Log } from '../log.ts'
import type { Ended } from '../readings/traffic.ts'
import type { Config } from '../settings/config.ts'
import type { Source } from '../source.ts'
import type { Ingest, System, TracedOutcome } from '../tracing/deliveries.ts'

/** What the stages of a delivery ask: the storage, other nodes, and who answers probes. */
export type StagesPorts = Omit<IngestPorts, 'commitAll'> & Omit<IngestEventsPorts, 'isKeyRequired'>

export interface IntakePorts extends Pick<HooksPorts<Visit>, 'reject' | 'onBug'> {
  readonly log: Log
  readonly door: Pick<Door, 'enter'>
  readonly stages: StagesPorts
  readonly source: (name: string) => Source | undefined
  readonly callers: () => Iterable<Caller>
  /** Counts a request that is answered; without a name where nobody is configured by it. */
  readonly count: (name: string | undefined, ended: Ended, totalMs: number) => void
  /** Stands around what takes a delivery. */
  readonly around: Around
}

/** Makes of what takes a delivery what does so in its turn, or traces it. */
export type Around = <Party extends { readonly name: string }, Outcome extends TracedOutcome>(
  system: System,
  take: Ingest<Party, Outcome>,
) => Ingest<Party, Outcome>

/** What the two doors are given. */
export interface Intake {
  readonly hooks: HooksPorts<Visit>
  readonly events: EventsPorts<Visit>
}

export function intakeOf(config: Config, ports: IntakePorts): Intake {
  const { log, door, stages, source, callers, around, count, reject, onBug } = ports
  const { clock } = stages
  const isKeyRequired = config.INLET_EVENTS_IDEMPOTENCY_KEY === 'required'
  const bodyBytesMax = config.INLET_BODY_BYTES_MAX
  const common = {
    clock,
    log,
    logDeliveries: config.INLET_LOG_DELIVERIES,
    enter: (request: Request, sender: Sender) => door.enter(request, sender),
    receive: (request: Request, party: string, budget: Visit) =>
      receive(request, party, { clock, bodyBytesMax, budget }),
    count,
    reject,
    onBug,
  }
  return {
    hooks: {
      ...common,
      source,
      ingest: around('webhook', (delivery, from: Source) => ingest(delivery, from, stages)),
    },
    events: {
      ...common,
      authenticate: (authorization) => authenticate(authorization, callers()),
      ingest: around('cloudevents', openIngestEvents({ ...stages, isKeyRequired })),
    },
  }
}
