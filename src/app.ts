/**
 * Opens the gateway: configuration → storage → stages → HTTP and background tasks. How a part is
 * wired is in `wiring/`; which parts there are, and the order in which they start and stop, here.
 */
import { join } from 'node:path'
import { openCheckpointer } from '../db/checkpoint.ts'
import { openDedup } from '../db/dedup.ts'
import { DATABASE_FILE, openDatabase, openReader } from '../db/open.ts'
import { openIdempotencyKeys } from '../db/idempotency-keys.ts'
import { openOutbox, type Outbox } from '../db/outbox.ts'
import { openDueRetries } from '../db/retries.ts'
import { openRetention, type Retention } from '../db/retention.ts'
import { openRhythms } from '../db/rhythms.ts'
import { openRoom } from '../db/room.ts'
import { openWriter, type Writer } from '../db/writer.ts'
import type { Health } from '../routes/health.ts'
import type { Clock } from './clock.ts'
import type { CommitMeter } from './readings/commit-meter.ts'
import type { Config } from './settings/config.ts'
import { openConfiguredDoor } from './wiring/configured-door.ts'
import { openConsuming } from './wiring/consuming.ts'
import { openDoors } from './wiring/doors.ts'
import { intakeOf, type Door } from './door/door.ts'
import { GatewayError, messageOf } from './faults/faults.ts'
import { armFailpoint } from './failpoint.ts'
import type { StagesPorts } from './wiring/intake.ts'
import type { ProbePorts } from './ingest/handshake.ts'
import type { IngestPorts } from './ingest/ingest.ts'
import { runRetries, type RetryPorts } from './ingest/retry.ts'
import { RETENTION_POLL_MS } from './limits/limits.ts'
import type { Log } from './log.ts'
import { openObservation, openWatch } from './wiring/observe.ts'
import { openCallOut } from './outbound/call-out.ts'
import { openConfirmations } from './outbound/confirmations.ts'
import { openPairing } from './pairing/pairing.ts'
import { openRelayThread, RELAY_STOP_MS_MAX, type RelayThread } from './wiring/relay-thread.ts'
import { openReloader, type Reloader, type Served } from './loading/reload.ts'
import { logStart, warnOfSources } from './wiring/start-log.ts'
import { openRerunning } from './wiring/reruns.ts'
import { openBudget, openScope, type Budget, type Scope } from './scope.ts'
import { openHint } from './wiring/sharing.ts'
import { parseStored, providerPort } from './wiring/serving.ts'
import type { Setup } from './wiring/setup.ts'
import type { Traffic } from './readings/traffic.ts'
import { SUSPECTS_FILE } from './watchdog/suspects.ts'
import { openTail } from './tail.ts'
import { FIRST_CALLS_MS } from './limits/waiting.ts'
import { openWaiting } from './readings/waiting.ts'
import { openWatchdog } from './watchdog/watchdog.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * What tasks are given to stop, however long the rest has taken, in ms: the relay cuts its thread
 * off after RELAY_STOP_MS_MAX, and must be back before it is called one that does not stop.
 */
const STOP_MS_MIN = RELAY_STOP_MS_MAX + 500

export interface AppPorts {
  readonly clock: Clock
  readonly log: Log
  /**
   * Storage can no longer be trusted: the process has to end, and its next start finds out
   * what is on disk.
   */
  readonly onFatal: (error: unknown) => void
  /**
   * Stands between intake and the writer. For controls that have to break a
   * promise; default: nothing does.
   */
  readonly commitThrough?: (commit: IngestPorts['commit']) => IngestPorts['commit']
  /** For tests that do not wait that long. Default: HANDLER_BLOCK_MS_MAX. */
  readonly handlerBlockMsMax?: number
  /** For tests that kill members of a group. Default: CONSUMER_SESSION_MS. */
  readonly consumerSessionMs?: number
}

/** A gateway that runs. */
export interface App {
  /** Null where it takes none: a worker. */
  readonly url: string | null
  readonly adminUrl: string
  /** Asks for handlers and secrets to be loaded again. */
  reload(): void
  /**
   * Drains: stops accepting, answers what is in flight, publishes what it can
   * in time, closes everything. Where storage has failed the database stays open, and the process
   * has to be killed: to end it in any other way would close it.
   */
  stop(): Promise<'closed' | 'kill'>
}

/**
 * Opens a gateway: the disk first, then the door; the way out is ready when its thread is.
 *
 * @throws GatewayError STORAGE_UNUSABLE, DATA_DIR_IN_USE, LISTEN_FAILED.
 */
export async function openApp(setup: Setup, ports: AppPorts): Promise<App> {
  const { config } = setup
  const { clock, log, commitThrough = (commit) => commit } = ports
  armFailpoint(config.INLET_FAILPOINT)
  await using opened = new AsyncDisposableStack()
  let state: Health['state'] = 'serving'
  function onFatal(error: unknown) {
    state = 'failed'
    ports.onFatal(error)
  }

  const observation = openObservation(config, ports)
  const storage = openStorage(config, { clock, log, onFatal, meter: observation.meter }, opened)
  const { writer } = storage
  const hint = await openHint(config, { ...storage.hintOptions, clock, log })
  opened.defer(() => hint.close())

  const totalMs = config.INLET_SHUTDOWN_MS
  const shutdown = openBudget({ clock, totalMs, leastMs: STOP_MS_MIN })
  const scope = opened.use(openTasks(shutdown, { clock, onFatal }))
  scope.run('checkpoint', (signal) => storage.checkpointer.run(signal))
  const door = openConfiguredDoor(config, { ...ports, ...observation, room: storage.room })
  scope.run('door', (signal) => door.run(signal))
  writer.gatherWhile(() => door.lineMs() > 0)
  const relay = openRelay(config, { clock, log, writer, door, traffic: observation.traffic })

  const around = { ...ports, storage, scope, relay }
  const handlers = openHandlers(setup, around, opened)
  const { reloader, handlePorts, reruns, consuming } = handlers
  const { pairing, probes } = openProbes(reloader, { clock, log, scope })
  const intake: StagesPorts = {
    ...handlePorts,
    hint,
    probes,
    commit: commitThrough((event) => writer.commit(event)),
    commitAll: (events, answer) => writer.commitAll(events, answer),
    findAnswer(caller, key) {
      // What was written last may not be on disk, and then its answer is no answer.
      if (state === 'failed') throw new GatewayError('STORAGE_FAILED', 'storage has failed')
      return storage.keys.find(caller, key)
    },
  }
  const healthOf = openHealth(storage.outbox, relay, door, clock)
  const health = () => healthOf(state)
  const served = () => reloader.current()
  const watched = { clock, log, scope, observation, served, door, relay, hint, health, consuming }
  const watch = openWatch(config, { ...watched, rhythms: storage.rhythms }, opened)
  const tail = openTail(clock)
  scope.run('tail', (signal) => tail.run(signal))
  const stages = { reloader, pairing, intake, watch, tail, reruns, onFatal }
  const doors = await openDoors(setup, { ...watched, ...stages }, opened)
  runLater({ ...around, ...handlers })
  const resources = opened.move()
  logStart(setup, doors, log)
  return {
    ...doors,
    reload: () => reloader.request(),
    async stop() {
      state = state === 'failed' ? state : 'draining'
      shutdown.begin()
      await doors.closeIntake(totalMs / 2)
      // What is published after a failure cannot be marked: only a start gets further.
      if (state !== 'failed') await relay.drain(shutdown.leftMs() - STOP_MS_MIN)
      await resources.disposeAsync()
      return storage.isTrusted() ? 'closed' : 'kill'
    },
  }
}

/** What runs in the background. A task that ends is a bug, and without it something grows. */
function openTasks(
  shutdown: Budget,
  { clock, onFatal }: Pick<AppPorts, 'clock' | 'onFatal'>,
): Scope {
  return openScope({
    clock,
    shutdownMs: () => shutdown.leftMs(),
    onFailure: (task, error) =>
      onFatal(new Error(`${task}: ${messageOf(error)}`, { cause: error })),
  })
}

interface StoragePorts extends Pick<AppPorts, 'clock' | 'log'> {
  readonly onFatal: (error: unknown) => void
  readonly meter: CommitMeter
}

/** The database and what keeps it bounded. */
function openStorage(config: Config, ports: StoragePorts, opened: AsyncDisposableStack) {
  const path = join(config.INLET_DATA_DIR, DATABASE_FILE)
  const nodeName = config.INLET_NODE
  const database = opened.use(openDatabase({ path, clock: ports.clock, nodeName }))
  if (database.isUpgraded) {
    const hint = 'an earlier version of the program cannot read it any more: go back by a backup'
    ports.log.info('storage.migrated', { path, hint })
  }
  const retentionMs = config.INLET_RETENTION_DAYS * DAY_MS
  const dedup = openDedup(database, { retentionMs, telling: ports })
  const writer = openWriter({ database, dedup, ...ports })
  opened.defer(() => writer.close())
  const checkpointer = openCheckpointer({
    database,
    writer,
    ...ports,
    syncMs: () => ports.meter.lastMs,
  })
  opened.defer(() => checkpointer.close())
  const reader = opened.use(openReader(path))
  return {
    writer,
    dedup,
    epoch: database.epoch,
    checkpointer,
    reader,
    isTrusted: () => database.isTrusted,
    keys: openIdempotencyKeys(database),
    outbox: openOutbox(reader),
    room: openRoom(reader, config.INLET_DATABASE_BYTES_MAX),
    retries: openDueRetries(reader),
    rhythms: openRhythms(database),
    retention: openRetention(database, { dedup, retentionMs }),
    hintOptions: { node: nodeName, epoch: database.epoch, doneTtlMs: retentionMs },
  }
}

interface RelayPorts extends Pick<AppPorts, 'clock' | 'log'> {
  readonly writer: Writer
  readonly door: Pick<Door, 'lineMs' | 'shedAgoMs'>
  readonly traffic: Traffic
}

/** The way out, which hears of what is on disk and says what it has published. */
function openRelay(settings: Config, { writer, door, traffic, ...ports }: RelayPorts): RelayThread {
  const relay = openRelayThread({
    ...ports,
    settings,
    mark: (mark) => writer.mark(mark).then(() => traffic.relay.marked(mark)),
    syncedSeq: () => writer.syncedOutboxSeq,
  })
  writer.onSynced((seq) => relay.synced(seq, intakeOf(door)))
  return relay
}

interface HandlersPorts extends AppPorts {
  readonly storage: ReturnType<typeof openStorage>
  readonly scope: Scope
  readonly relay: RelayThread
}

interface LaterPorts extends HandlersPorts {
  readonly retryPorts: RetryPorts
}

/** What takes the core for tens of milliseconds: whoever has waited for the start goes first. */
function runLater(ports: LaterPorts): void {
  const { clock, scope, relay, storage, retryPorts } = ports
  function run(task: string, work: (signal: AbortSignal) => Promise<void>): void {
    scope.run(task, async (signal) => {
      await clock.sleep(FIRST_CALLS_MS, signal)
      await work(signal)
    })
  }
  run('relay', (signal) => relay.run(signal))
  run('retries', (signal) => runRetries(retryPorts, signal))
  run('retention', async (signal) => {
    // Until this has ended each new id asks runs on disk.
    while (!signal.aborted && storage.dedup.takeIn()) await clock.sleep(0, signal)
    await runRetention(storage.retention, ports, signal)
  })
}

/** What runs handlers: which are served, who watches them, who tries again, who sends again. */
function openHandlers(setup: Setup, ports: HandlersPorts, opened: AsyncDisposableStack) {
  const { clock, log, scope, storage, handlerBlockMsMax: blockMsMax } = ports
  const { LOG_LEVEL: level, INLET_HANDLER_MS_MAX: handlerMsMax } = setup.config
  opened.defer(() => setup.keys.close())
  setup.keys.onFailure((source, reason) => log.warn('keys.unavailable', { source, reason }))
  async function load(current: Served): Promise<Served> {
    const next = await setup.reload(current)
    warnOfSources(next, log)
    return next
  }
  const reloader = openReloader(setup, { clock, log, load })
  scope.run('reload', (signal) => reloader.run(signal))
  const notesPath = join(setup.config.INLET_DATA_DIR, SUSPECTS_FILE)
  const watchdog = openWatchdog({ clock, log, level, blockMsMax, notesPath, reloader })
  opened.defer(() => watchdog.close())
  scope.run('heartbeat', (signal) => watchdog.run(signal))
  const handlePorts = { clock, handlerMsMax, watchdog: watchdog.door }
  const { retries, writer } = storage
  const retryPorts: RetryPorts = {
    ...handlePorts,
    log,
    source: (name) => reloader.current().sources.get(name),
    parse: parseStored,
    due: (query) => retries.due(query),
    anyWaits: () => retries.anyWaits(),
    onCommit: (listener) => writer.onSynced(listener),
    start: (starts) => writer.startRetries(starts),
    finish: (finish) => writer.finishRetry(finish),
  }
  const consuming = openConsuming(setup.config, {
    ...ports,
    ...storage,
    reloader,
    watchdog: watchdog.consumers,
  })
  const rerunPorts = { ...ports, ...storage, reloader, handlePorts, consuming }
  const reruns = openRerunning(setup.config, rerunPorts, opened)
  return { reloader, handlePorts, retryPorts, consuming, reruns }
}

interface ProbesPorts extends Pick<AppPorts, 'clock' | 'log'> {
  readonly scope: Scope
}

/** What the probes of providers lead to: secrets that are learnt, and calls that they ask for. */
function openProbes(reloader: Reloader, { clock, log, scope }: ProbesPorts) {
  const confirmations = openConfirmations({ clock, log, callOut: openCallOut({ clock }) })
  scope.run('confirmations', (signal) => confirmations.run(signal))
  const pairing = openPairing({
    clock,
    log,
    validate: (provider, secret) => providerPort(provider)?.validateSecret(secret),
    reload: () => reloader.reloaded(),
  })
  const probes: ProbePorts = {
    learn: (source, secret) => pairing.learn(source, secret),
    confirm: (source, call) => confirmations.confirm(source, call),
  }
  return { pairing, probes }
}

/** Deletes what is past its time in slices, so that no request waits behind a long one. */
async function runRetention(
  retention: Retention,
  { clock, log }: AppPorts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let more = false
    try {
      more = retention.retainOnce().more
    } catch (error) {
      // What the storage fails has ended the process already; anything else is tried again.
      log.error('retention.failed', { reason: messageOf(error) })
    }
    await clock.sleep(more ? 0 : RETENTION_POLL_MS, signal)
  }
}

/** Asks the database, on a connection that only reads: what it says holds across restarts. */
function openHealth(outbox: Outbox, relay: RelayThread, door: Door, clock: Clock) {
  const waitedMs = openWaiting(clock)
  // What is written from now on is no older than this process.
  waitedMs(outbox.lag())
  return (state: Health['state']): Health => {
    const { oldestReceivedAt, lastSeq, ...lag } = outbox.lag()
    const status = relay.status()
    return {
      ready: state === 'serving' && !door.status().diskIsLow,
      state,
      door: door.status(),
      relay: {
        state: status?.state ?? 'starting',
        fault: status?.fault ?? null,
        oldestPendingMs: waitedMs({ pending: lag.pending, lastSeq, oldestReceivedAt }),
        retryTopics: outbox.retryTopics(),
        ...lag,
      },
    }
  }
}
