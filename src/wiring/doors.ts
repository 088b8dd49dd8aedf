/** The wiring of the doors: what the two ports answer, from the stages that `app.ts` opened. */
import { eventsRoutes } from '../../routes/events.ts'
import { forwardRoutes } from '../../routes/forward.ts'
import type { Health } from '../../routes/health.ts'
import { answerDeliveries, HOOKS_PATH, hooksRoutes } from '../../routes/hooks.ts'
import { answerRefused, toRefusal } from '../../routes/refused.ts'
import { openAdminPort } from './admin-port.ts'
import { bugReporter } from './bugs.ts'
import type { Clock } from '../clock.ts'
import type { Consuming } from './consuming.ts'
import type { Door } from '../door/door.ts'
import { intakeOf, type StagesPorts } from './intake.ts'
import { forwardPorts } from './forward-door.ts'
import { listen } from './listen.ts'
import type { Log } from '../log.ts'
import type { Observation, Watch } from './observe.ts'
import type { Pairing } from '../pairing/pairing.ts'
import type { Reloader } from '../loading/reload.ts'
import type { Rerunning } from './reruns.ts'
import type { Scope } from '../scope.ts'
import type { Setup } from './setup.ts'
import type { Tail } from '../tail.ts'
import { openTraces, type Traces } from './traces.ts'

/** What stands behind the two ports. */
export interface DoorsPorts {
  readonly clock: Clock
  readonly log: Log
  readonly onFatal: (error: unknown) => void
  readonly reloader: Reloader
  readonly pairing: Pairing
  readonly door: Door
  readonly observation: Observation
  readonly intake: StagesPorts
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
  const { log, door, reloader, intake: stages, observation, tail, onBug } = ports
  const { traffic, rejections } = observation
  const { hooks, events } = intakeOf(config, {
    log,
    door,
    stages,
    source: (name) => reloader.current().sources.get(name),
    callers: () => reloader.current().callers.values(),
    around(system, take) {
      const takeInTurn: typeof take = (delivery, from) => door.begin(() => take(delivery, from))
      return traces?.deliveries(system, takeInTurn) ?? takeInTurn
    },
    count(name, ended, ms) {
      traffic.count(name, ended, ms)
      // Both doors say more of it than is counted: which event it is.
      tail.see(name, ended)
    },
    reject: (rejection) => rejections.keep(rejection),
    onBug,
  })
  const answerDelivery = answerDeliveries(hooks)
  const routes = hooksRoutes(hooks, answerDelivery).route('/', eventsRoutes(events))
  const { INLET_FORWARD_SECRET: secrets } = config
  if (secrets === undefined) return { routes, answerDelivery }
  const forwarding = { ...ports, commitAll: stages.commitAll }
  const forward = forwardRoutes(answerDeliveries(forwardPorts(hooks, secrets, forwarding)))
  return { routes: routes.route('/', forward), answerDelivery }
}
