/**
 * The wiring's second half: what the two ports answer, from the stages that `app.ts` opened.
 */
import { eventsRoutes } from '../../routes/events.ts'
import { forwardRoutes } from '../../routes/forward.ts'
import type { Health } from '../../routes/health.ts'
import { answerDeliveries, HOOKS_PATH, hooksRoutes, type HooksPorts } from '../../routes/hooks.ts'
import { answerRefused, toRefusal } from '../../routes/refused.ts'
import { openAdminPort } from './admin-port.ts'
import { bugReporter } from './bugs.ts'
import type { Caller } from '../caller.ts'
import type { Clock } from '../clock.ts'
import type { Consuming } from './consuming.ts'
import type { Delivery } from '../delivery.ts'
import type { Door, Sender } from '../door/door.ts'
import type { Visit } from '../door/visit.ts'
import { authenticate } from '../ingest/authenticate.ts'
import { ingestEvents, type IngestEventsPorts } from '../ingest/ingest-events.ts'
import { ingest, type IngestPorts } from '../ingest/ingest.ts'
import { receive } from '../ingest/receive.ts'
import { forwardPorts } from './forward-door.ts'
import { listen } from './listen.ts'
import type { Log } from '../log.ts'
import type { Observation, Watch } from './observe.ts'
import type { Pairing } from '../pairing/pairing.ts'
import type { Rejection } from '../rejection.ts'
import type { Reloader } from '../loading/reload.ts'
import type { Rerunning } from './reruns.ts'
import type { Scope } from '../scope.ts'
import type { Setup } from './setup.ts'
import type { Tail } from '../tail.ts'
import type { Source } from '../source.ts'
import { openTraces, type Traces } from './traces.ts'
import type { Ended } from '../readings/traffic.ts'

/** What stands behind the two ports. */
export interface DoorsPorts {
  readonly clock: Clock
  readonly log: Log
  readonly onFatal: (error: unknown) => void
  readonly reloader: Reloader
  readonly pairing: Pairing
  readonly door: Door
  readonly observation: Observation
  readonly ingestPorts: IngestPorts
  readonly ingestEventsPorts: IngestEventsPorts
  readonly health: () => Health
  readonly tail: Tail
  readonly watch: Watch
  readonly reruns: Rerunning
  readonly consuming: Consuming
  readonly scope: Scope
}

/** Opens both ports: the one for third and first parties, and the one for the operator. */
export async function openDoors(setup: Setup, ports: DoorsPorts, opened: AsyncDisposableStack) {
  const { config } = setup
  const { clock, log } = ports
  const onBug = bugReporter(log, ports.onFatal)
  const admin = openAdminPort(setup, ports, opened)
  opened.defer(() => admin.close(0))
  if (setup.isWorker === true) {
    return { url: null, adminUrl: admin.url, closeIntake: () => Promise.resolve() }
  }
  const traces = await openTraces(config, ports)
  const { routes, answerDelivery } = openRoutes(setup, { ...ports, onBug }, traces)
  const intake = listen({
    clock,
    host: config.INLET_HOST,
    port: config.PORT,
    fetch: (request, peer) => routes.fetch(request, { peer }),
    post: {
      path: HOOKS_PATH,
      answer: answerDelivery,
    },
    onError(error) {
      onBug(error)
      return answerRefused(toRefusal(error))
    },
  })
  return {
    url: intake.url,
    adminUrl: admin.url,
    closeIntake: (msMax: number) => intake.close(msMax),
  }
}

interface RoutesPorts extends DoorsPorts {
  readonly onBug: (error: unknown) => void
}

/** What the port for third and first parties answers. */
function openRoutes({ config }: Setup, ports: RoutesPorts, traces: Traces | undefined) {
  const { clock, log, door, reloader, ingestPorts, ingestEventsPorts } = ports
  const { observation, tail } = ports
  const { traffic, rejections } = observation
  const bodyBytesMax = config.INLET_BODY_BYTES_MAX
  const common = {
    clock,
    log,
    logDeliveries: config.INLET_LOG_DELIVERIES,
    enter: (request: Request, sender: Sender) => door.enter(request, sender),
    receive: (request: Request, source: string, budget: Visit) =>
      receive(request, source, { clock, bodyBytesMax, budget }),
    count(name: string | undefined, ended: Ended, ms: number) {
      traffic.count(name, ended, ms)
      // Both doors say more of it than is counted: which event it is.
      tail.see(name, ended)
    },
    reject: (rejection: Rejection) => rejections.keep(rejection),
    onBug: ports.onBug,
  }
  const takeHook = (delivery: Delivery, source: Source) =>
    door.begin(() => ingest(delivery, source, ingestPorts))
  const takeEvents = (delivery: Delivery, caller: Caller) =>
    door.begin(() => ingestEvents(delivery, caller, ingestEventsPorts))
  const hooks: HooksPorts<Visit> = {
    ...common,
    source: (name) => reloader.current().sources.get(name),
    ingest: traces?.deliveries('webhook', takeHook) ?? takeHook,
  }
  const answerDelivery = answerDeliveries(hooks)
  const events = eventsRoutes({
    ...common,
    authenticate: (authorization) =>
      authenticate(authorization, reloader.current().callers.values()),
    ingest: traces?.deliveries('cloudevents', takeEvents) ?? takeEvents,
  })
  const routes = hooksRoutes(hooks, answerDelivery).route('/', events)
  const { INLET_FORWARD_SECRET: secrets } = config
  if (secrets === undefined) return { routes, answerDelivery }
  const forwarding = { ...ports, commitAll: ingestPorts.commitAll }
  const forward = forwardRoutes(answerDeliveries(forwardPorts(hooks, secrets, forwarding)))
  return { routes: routes.route('/', forward), answerDelivery }
}
