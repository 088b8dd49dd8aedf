/**
 * The core on Deno: the same routes, stages and relay over node:sqlite, in one thread. What of the
 * core on Bun it leaves out, docs/runtimes.md says.
 */
import { freeBytes } from '../../db/files.ts'
import { openNodeSqlite } from '../../db/portable/node-sqlite.ts'
import { openPortableStore } from '../../db/portable/store.ts'
import type { PortableStore } from '../../db/portable/portable-store.ts'
import { guard } from '../../routes/guard.ts'
import { healthRoutes, type Health } from '../../routes/health.ts'
import { openOperators } from '../../routes/operator.ts'
import { problem } from '../../routes/problem.ts'
import { answerRefused, toRefusal } from '../../routes/refused.ts'
import { LOGIN_ADDRESSES_MAX, LOGIN_BURST, LOGIN_PER_SECOND } from '../limits/admin.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { openConfiguredDoor } from '../wiring/configured-door.ts'
import { openConfiguredPublisher } from '../wiring/configured-publisher.ts'
import type { Door } from '../door/door.ts'
import { openRate } from '../door/rate.ts'
import { messageOf } from '../faults/faults.ts'
import { bugReporter } from '../wiring/bugs.ts'
import { RETENTION_POLL_MS } from '../limits/limits.ts'
import type { Log } from '../log.ts'
import { openCallOut } from '../outbound/call-out.ts'
import { openConfirmations } from '../outbound/confirmations.ts'
import { openLeasedRelay, type LeasedRelay } from '../relay/leased-relay.ts'
import { openScope } from '../scope.ts'
import type { Serving } from '../wiring/serving.ts'
import { openHint } from '../wiring/sharing.ts'
import { serveOnDeno } from './deno-serve.ts'
import { intakeRoutes } from './portable.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** Between two looks at what is left to publish while it drains. */
const DRAIN_POLL_MS = 20

/** How long the relay may take to stop, in ms: a send that has begun is not waited for longer. */
const RELAY_STOP_MS_MAX = 1_000

export interface DenoAppPorts {
  readonly clock: Clock
  readonly log: Log
  /** Storage can no longer be trusted: the process has to end. */
  readonly onFatal: (error: unknown) => void
}

export interface DenoApp {
  readonly url: string
  readonly adminUrl: string
  /** Stops accepting, answers what is in flight, publishes what it can in time, closes all. */
  stop(): Promise<void>
}

/** @throws GatewayError STORAGE_UNUSABLE, DATA_DIR_IN_USE, LISTEN_FAILED. */
export async function openDenoApp(serving: Serving, ports: DenoAppPorts): Promise<DenoApp> {
  const { config } = serving
  const { clock, log } = ports
  await using opened = new AsyncDisposableStack()
  let state: Health['state'] = 'serving'
  function onFatal(error: unknown) {
    state = 'failed'
    ports.onFatal(error)
  }

  const { store, hint, relay } = await openStages(config, { clock, log, onFatal }, opened)
  const onFailure = (task: string, error: unknown) =>
    onFatal(new Error(`${task}: ${messageOf(error)}`, { cause: error }))
  const scope = opened.use(openScope({ clock, shutdownMs: () => RELAY_STOP_MS_MAX, onFailure }))
  const room = () => freeBytes(config.INLET_DATA_DIR)
  const door = openConfiguredDoor(config, { clock, log, room })
  scope.run('door', (signal) => door.run(signal))
  const confirmations = openConfirmations({ clock, log, callOut: openCallOut({ clock }) })
  scope.run('confirmations', (signal) => confirmations.run(signal))

  const health = openHealth({ store, relay, door, clock })
  const adminUrl = openAdmin(config, { ...ports, health: () => health(state) }, opened)
  const routes = intakeRoutes(serving, {
    clock,
    log,
    door,
    store: waking(store, relay),
    hint,
    confirm: (source, call) => confirmations.confirm(source, call),
    onFatal,
  })
  const intake = serveOnDeno({
    clock,
    host: config.INLET_HOST,
    port: config.PORT,
    fetch: (request, peer) => routes.fetch(request, { peer }),
    onError(error) {
      bugReporter(log, onFatal)(error)
      return answerRefused(toRefusal(error))
    },
  })
  scope.run('relay', (signal) => relay.run(signal))
  scope.run('retention', (signal) => runRetention(store, ports, signal))
  const resources = opened.move()
  return {
    url: intake.url,
    adminUrl,
    async stop() {
      state = state === 'failed' ? state : 'draining'
      const drainUntilMs = clock.monotonicMs() + config.INLET_SHUTDOWN_MS - RELAY_STOP_MS_MAX
      await intake.close(config.INLET_SHUTDOWN_MS / 2)
      // What is published after a failure cannot be marked: only a start gets further.
      while (state !== 'failed' && clock.monotonicMs() < drainUntilMs) {
        if (relay.status().state === 'down' || (await store.lag()).pending === 0) break
        await clock.sleep(DRAIN_POLL_MS)
      }
      await resources.disposeAsync()
    },
  }
}

/** What is behind the routes: storage, the Redis in front of it, the way out. */
async function openStages(
  config: Config,
  { clock, log, onFatal }: DenoAppPorts,
  opened: AsyncDisposableStack,
) {
  const { INLET_DATA_DIR: directory, INLET_NODE: node } = config
  const batches = opened.use(openNodeSqlite({ directory, now: clock.now(), onFatal }))
  const retentionMs = config.INLET_RETENTION_DAYS * DAY_MS
  const store = openPortableStore(batches, { clock, retentionMs, handsOn: 'entries' })
  const epoch = await store.epoch()
  const hint = await openHint(config, { node, epoch, doneTtlMs: retentionMs, clock, log })
  opened.defer(() => hint.close())
  const publisher = openConfiguredPublisher(config, { clock, log })
  opened.defer(() => publisher.close())
  const relay = openLeasedRelay({
    outbox: store,
    publisher,
    clock,
    log,
    // The file has one owner: the relay of the process before it is gone, and this one goes on.
    holder: node,
    poisonPolicy: config.INLET_POISON_POLICY,
  })
  return { store, hint, relay }
}

type IntakeStore = Pick<PortableStore, 'commit' | 'commitAll' | 'findAnswer'>

/** Wakes the relay after each commit: it looks by itself only once in a while. */
function waking(store: IntakeStore, relay: LeasedRelay): IntakeStore {
  return {
    commit: (event) => store.commit(event).finally(() => relay.wake()),
    commitAll: (events, answer) => store.commitAll(events, answer).finally(() => relay.wake()),
    findAnswer: (caller, key) => store.findAnswer(caller, key),
  }
}

interface HealthPorts {
  readonly store: Pick<PortableStore, 'lag'>
  readonly relay: LeasedRelay
  readonly door: Door
  readonly clock: Clock
}

function openHealth({ store, relay, door, clock }: HealthPorts) {
  return async (state: Health['state']): Promise<Health> => {
    const { oldestReceivedAt, ...lag } = await store.lag()
    const oldestPendingMs = oldestReceivedAt === null ? 0 : clock.now() - oldestReceivedAt
    return {
      ready: state === 'serving' && !door.status().diskIsLow,
      state,
      door: door.status(),
      relay: { ...relay.status(), oldestPendingMs: Math.max(0, oldestPendingMs), ...lag },
    }
  }
}

interface AdminPorts extends DenoAppPorts {
  readonly health: () => Promise<Health>
}

/** The admin port: whether it lives, and whether it takes events. */
function openAdmin(config: Config, ports: AdminPorts, opened: AsyncDisposableStack): string {
  const { clock, log, health } = ports
  const perSecond = LOGIN_PER_SECOND
  const guesses = openRate({ clock, perSecond, burst: LOGIN_BURST, keysMax: LOGIN_ADDRESSES_MAX })
  // The rate of guesses bounds the lines.
  const onWrong = (peer: string) => log.warn('admin.token_refused', { count: 1, lastPeer: peer })
  const operators = openOperators({ clock, token: config.INLET_ADMIN_TOKEN, guesses, onWrong })
  const routes = healthRoutes(health)
  routes.notFound(() => problem('ROUTE_UNKNOWN', 'on Deno there is /healthz and /readyz'))
  const admin = serveOnDeno({
    clock,
    host: config.INLET_ADMIN_HOST,
    port: config.INLET_ADMIN_PORT,
    fetch: guard(operators, (request, visitor) => routes.fetch(request, visitor)),
    onError(error) {
      log.error('admin.failed', { reason: messageOf(error) })
      return problem('QUERY_FAILED', 'the log of the gateway says why')
    },
  })
  opened.defer(() => admin.close(0))
  return admin.url
}

/** Deletes what is past its time in slices, so that no request waits behind a long one. */
async function runRetention(
  store: Pick<PortableStore, 'retainOnce'>,
  { clock, log }: DenoAppPorts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let more = false
    try {
      more = (await store.retainOnce()).more
    } catch (error) {
      // A full disk stops deleting, too; what cannot be trusted has told the process already.
      log.error('retention.failed', { reason: messageOf(error) })
    }
    await clock.sleep(more ? 0 : RETENTION_POLL_MS, signal)
  }
}
