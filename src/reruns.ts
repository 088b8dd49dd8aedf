/** The wiring's part that sends stored events and their records again. */
import type { Outbox } from '../db/outbox.ts'
import type { Reader } from '../db/open.ts'
import { openKeptEvents } from '../db/kept-events.ts'
import { openRerunScan } from '../db/rerun-scan.ts'
import { openRerunReader, type RerunReader } from '../db/reruns.ts'
import type { Writer } from '../db/writer.ts'
import { SEARCH_MS_MAX } from './admin-limits.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import { replayRecord } from './consume/replay.ts'
import { consumerOf, consumerSource } from './consumer.ts'
import type { HandlePorts } from './ingest/handle.ts'
import { replay } from './ingest/replay.ts'
import { lazily } from './lazily.ts'
import type { Log } from './log.ts'
import { openQueryThread } from './query-thread.ts'
import type { RelayThread } from './relay-thread.ts'
import type { Reloader } from './reload.ts'
import { RERUN_KINDS, type RerunKind, type RerunPlan, type RerunQuery } from './rerun.ts'
import { openReruns, type Reruns } from './rerun/engine.ts'
import type { FindPorts } from './rerun/find.ts'
import { planRerun, type PlanPorts } from './rerun/plan.ts'
import type { Scope } from './scope.ts'
import { parseStored } from './serving.ts'

export interface RerunningPorts {
  readonly clock: Clock
  readonly log: Log
  readonly writer: Writer
  readonly reader: Reader
  readonly outbox: Outbox
  readonly relay: RelayThread
  readonly reloader: Reloader
  readonly handlePorts: HandlePorts
  readonly scope: Scope
}

/** Reruns as the admin port needs them. */
export interface Rerunning extends Pick<Reruns, 'ask' | 'stop' | 'resume'> {
  readonly byId: RerunReader['byId']
  readonly list: RerunReader['list']
  readonly plan: (kind: RerunKind, query: RerunQuery) => Promise<RerunPlan>
}

/** Goes on with what an earlier process has left, and takes what is asked for. */
export function openRerunning(
  config: Config,
  ports: RerunningPorts,
  opened: AsyncDisposableStack,
): Rerunning {
  const { clock, log, writer, reader, outbox, relay, reloader, scope } = ports
  const stored = openRerunReader(reader)
  const kept = lazily(() => openKeptEvents(reader))
  const scan = openRerunScan(reader)
  // Apart from the one that people ask: neither waits for the other.
  const thread = openQueryThread({ clock, log, path: reader.path })
  opened.defer(() => thread.close())
  const { ask } = thread
  const finding: FindPorts = {
    search({ seqs: _listed, topic: _topic, status: _status, ...query }, behind, limit) {
      const { sources: named, consumers } = reloader.current()
      const sources = [...named.keys(), ...[...consumers.keys()].map(consumerSource)]
      const msMax = SEARCH_MS_MAX
      return ask('seqs', { query, order: 'oldest', behind, limit, msMax, sources })
    },
    stored: (seqs) => scan.stored(seqs),
    entries: (range) => ask('entries', range),
    bytesOf: (kind, seq) => scan.bytesOf(kind, seq),
  }
  const replayPorts = {
    ...ports.handlePorts,
    source: (name: string) => reloader.current().sources.get(name),
    caller: (name: string) => reloader.current().callers.get(name),
    parse: parseStored,
  }
  const reruns = openReruns({
    clock,
    log,
    byId: (id) => stored.byId(id),
    firstRunning: (kind) => stored.firstRunning(kind),
    countRunning: () => stored.countRunning(),
    create: (rerun, now) => writer.createRerun(rerun, now),
    change: (change) => writer.changeRerun(change),
    start: (id) => writer.startRerun(id),
    step: (step) => writer.stepRerun(step),
    ...finding,
    async replay(seq) {
      const event = kept().bySeq(seq)
      if (event === undefined) return undefined
      const name = consumerOf(event.source)
      if (name === undefined) return { seq, ...(await replay(event, replayPorts)) }
      const consumer = reloader.current().consumers.get(name)
      const replayed = await replayRecord(event, consumer, replayPorts)
      return replayed && { seq, ...replayed }
    },
    hasBlockedKeys: config.INLET_POISON_POLICY === 'block-key',
    ring: () => relay.ring(),
    lag: () => writer.syncedOutboxSeq - outbox.progress(),
  })
  for (const kind of RERUN_KINDS) scope.run(kind, (signal) => reruns.run(kind, signal))
  const planPorts: PlanPorts = {
    ...finding,
    clock,
    boundOf: (kind) => scan.boundOf(kind),
    topicsOf: (kind, seqs) => ask('topics', { kind, seqs }),
  }
  return {
    ask: (asked) => reruns.ask(asked),
    stop: (id) => reruns.stop(id),
    resume: (id) => reruns.resume(id),
    byId: (id) => stored.byId(id),
    list: (limit) => stored.list(limit),
    plan: (kind, query) => planRerun(kind, query, planPorts),
  }
}
