/** The wiring's part that sends stored events and their records again. */
import type { Outbox } from '../../db/outbox.ts'
import type { Reader } from '../../db/open.ts'
import { openRerunScan } from '../../db/rerun-scan.ts'
import { openRerunReader, type RerunReader } from '../../db/reruns.ts'
import type { Writer } from '../../db/writer.ts'
import { SEARCH_MS_MAX } from '../limits/admin.ts'
import { FIRST_CALLS_MS } from '../limits/waiting.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { consumerSource, type OffsetRange } from '../consumer.ts'
import type { Consuming } from './consuming.ts'
import type { HandlePorts } from '../ingest/handle.ts'
import type { Log } from '../log.ts'
import { openQueryThread } from './query-thread.ts'
import type { RelayThread } from './relay-thread.ts'
import type { Reloader } from '../loading/reload.ts'
import { openReplaying } from './replaying.ts'
import { RERUN_KINDS, type RerunKind, type RerunPlan, type RerunQuery } from '../rerun.ts'
import { openReruns, type Asked, type Reruns } from '../rerun/engine.ts'
import type { FindPorts } from '../rerun/find.ts'
import { planRerun, type PlanPorts } from '../rerun/plan.ts'
import type { Scope } from '../scope.ts'

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
  readonly consuming: Consuming
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
  const { clock, log, writer, reader, outbox, relay, reloader, scope, consuming } = ports
  const stored = openRerunReader(reader)
  const replaying = openReplaying(ports)
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
    // One that is alone fills a step.
    bytesOf: (kind, seq) =>
      kind === 'replay' && replaying.isAlone(seq)
        ? Number.MAX_SAFE_INTEGER
        : scan.bytesOf(kind, seq),
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
    replay: (seqs, store) => replaying.replay(seqs, store),
    hasBlockedKeys: config.INLET_POISON_POLICY === 'block-key',
    ring: () => relay.ring(),
    readAgain: (rerun, paced) => consuming.readAgain(rerun, paced),
    lag: () => writer.syncedOutboxSeq - outbox.progress(),
  })
  for (const kind of RERUN_KINDS) {
    scope.run(kind, async (signal) => {
      await clock.sleep(FIRST_CALLS_MS, signal)
      await reruns.run(kind, signal)
    })
  }
  const planPorts: PlanPorts = {
    ...finding,
    clock,
    boundOf: (kind) => scan.boundOf(kind),
    topicsOf: (kind, seqs) => ask('topics', { kind, seqs }),
  }
  return {
    ask: async (asked) => reruns.ask(await withRanges(asked, consuming)),
    stop: (id) => reruns.stop(id),
    resume: (id) => reruns.resume(id),
    byId: (id) => stored.byId(id),
    list: (limit) => stored.list(limit),
    plan: async (kind, query) =>
      kind === 'reconsume'
        ? toPlan(await consuming.ranges(query))
        : planRerun(kind, query, planPorts),
  }
}

/** What a reconsume is about is what is there when it is asked for. */
async function withRanges(asked: Asked, consuming: Consuming): Promise<Asked> {
  if (asked.kind !== 'reconsume') return asked
  const ranges = await consuming.ranges(asked.query)
  return { ...asked, query: { ...asked.query, ranges }, total: offsetsOf(ranges) }
}

/** What a consumer would be handed: what comes of it only its handler knows. */
function toPlan(ranges: readonly OffsetRange[]): RerunPlan {
  const topics = [...Map.groupBy(ranges, ({ topic }) => topic)].map(([topic, those]) => ({
    topic,
    records: offsetsOf(those),
  }))
  return { events: offsetsOf(ranges), records: 0, topics, isComplete: true }
}

function offsetsOf(ranges: readonly OffsetRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0)
}
