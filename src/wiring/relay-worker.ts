/**
 * The relay's thread: reads the outbox on a connection of its own, publishes, and asks the
 * main thread to mark.
 */
import { join } from 'node:path'
import { DATABASE_FILE, openReader } from '../../db/open.ts'
import { openOutbox } from '../../db/outbox.ts'
import { systemClock } from '../clock.ts'
import { openConfiguredPublisher } from './configured-publisher.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import { armFailpoint } from '../failpoint.ts'
import { giveWay } from '../relay/give-way.ts'
import type { FromRelay, MarkFailure, RelaySettings, ToRelay } from './relay-messages.ts'
import type { RelayPorts } from '../relay/ports.ts'
import { runRelay } from '../relay/relay.ts'
import { openSynced, type Synced } from '../relay/synced.ts'
import { openScope } from '../scope.ts'
import { openLog } from '../stdout-log.ts'
import { openTraces } from './traces.ts'

declare const self: Worker

/** More than a last export takes, less than this thread is given. */
const EXPORT_STOP_MS_MAX = 800

const marking = new Map<number, PromiseWithResolvers<void>>()
const stopping = new AbortController()
let synced: Synced | undefined
let lastMark = 0

self.addEventListener('message', ({ data }: MessageEvent<ToRelay>) => {
  if (data.kind === 'start') start(data.settings, data.syncedSeq)
  else if (data.kind === 'synced') synced?.advance(data.seq, data.intake)
  else if (data.kind === 'ring') synced?.ring()
  else if (data.kind === 'stop') stopping.abort()
  else settleMark(data.id, data.failure)
})

/**
 * What nobody awaits, kafkajs's timers included, ends this thread with its reason; the
 * main thread starts another.
 */
function crash(error: unknown): void {
  tell({ kind: 'crashed', reason: messageOf(error) })
}
process.on('unhandledRejection', crash)
process.on('uncaughtException', crash)

function start(settings: RelaySettings, syncedSeq: number): void {
  armFailpoint(settings.INLET_FAILPOINT)
  giveWay()
  synced = openSynced(syncedSeq, systemClock)
  relay(settings, synced).catch(crash)
}

const onFailure = (_task: string, error: unknown) => crash(error)

async function relay(settings: RelaySettings, syncedSeq: Synced): Promise<void> {
  const log = openLog(settings.LOG_LEVEL, 'relay')
  using reader = openReader(join(settings.INLET_DATA_DIR, DATABASE_FILE))
  const publisher = openConfiguredPublisher(settings, { clock: systemClock, log })
  const names = { system: settings.INLET_SINK, clientId: settings.KAFKA_CLIENT_ID }
  await using scope = openScope({
    clock: systemClock,
    shutdownMs: () => EXPORT_STOP_MS_MAX,
    onFailure,
  })
  const traces = await openTraces(settings, { clock: systemClock, log, scope })
  const ports: RelayPorts = {
    outbox: openOutbox(reader),
    publisher: traces?.sends(publisher, names) ?? publisher,
    synced: syncedSeq,
    clock: systemClock,
    log,
    mark(mark) {
      const settled = Promise.withResolvers<void>()
      lastMark += 1
      marking.set(lastMark, settled)
      tell({ kind: 'mark', id: lastMark, mark })
      return settled.promise
    },
    report: (status) => tell({ kind: 'status', status }),
  }
  await runRelay(ports, { poisonPolicy: settings.INLET_POISON_POLICY }, stopping.signal)
  await publisher.close()
  await scope.close()
  await log.flush()
  tell({ kind: 'stopped' })
}

function settleMark(id: number, failure: MarkFailure | null): void {
  const settled = marking.get(id)
  marking.delete(id)
  if (failure === null) settled?.resolve()
  else if (failure.code === undefined) settled?.reject(new Error(failure.detail))
  else settled?.reject(new GatewayError(failure.code, failure.detail))
}

function tell(message: FromRelay): void {
  self.postMessage(message)
}
