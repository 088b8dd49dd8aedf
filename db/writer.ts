import type { CommitMeter } from '../src/readings/commit-meter.ts'
import { GatewayError, messageOf } from '../src/faults/faults.ts'
import type { EpochMs } from '../src/clock.ts'
import type { ConsumeCommit } from '../src/consumer.ts'
import type { Committed, NewEvent } from '../src/event.ts'
import { failpoint } from '../src/failpoint.ts'
import type { RetryFinish, RetryStart } from '../src/handler-retry.ts'
import { EVENT_OVERHEAD_BYTES } from '../src/limits/limits.ts'
import type { AnswerToKeep } from '../src/idempotent-answer.ts'
import type { RelayMark } from '../src/outbox.ts'
import type { NewRerun, RerunChange, RerunCounts, RerunStep } from '../src/rerun.ts'
import type { Dedup } from './dedup.ts'
import { blameOf } from './failures.ts'
import { GroupCommit, type Applied, type GroupCommitPorts, type Item } from './group-commit.ts'
import type { InletDatabase } from './open.ts'
import { openStore, type Draft, type Store } from './store.ts'
import { openWalSync, type Sync } from './sync.ts'

/** The one way to change what is acknowledged: everything it answers is on disk. */
export interface Writer {
  /**
   * Stores an event and its records, or recognises a duplicate. Resolves once that is on disk.
   *
   * @throws GatewayError OVERLOADED, DRAINING, STORAGE_FULL,
   * STORAGE_FAILED: nothing was acknowledged.
   */
  commit(event: NewEvent): Promise<Committed>
  /**
   * Stores several events, all or nothing, with the answer to their request. Resolves once
   * that is on disk.
   *
   * @throws GatewayError As `commit`: then none of them is stored.
   */
  commitAll(events: readonly NewEvent[], answer?: AnswerToKeep): Promise<readonly Committed[]>
  /**
   * Applies what a relay batch changed, all or nothing. Resolves once that is on disk.
   *
   * @throws GatewayError DRAINING, STORAGE_FULL, STORAGE_FAILED: also where the
   * mark contradicts the state.
   */
  mark(mark: RelayMark): Promise<void>
  /**
   * Counts tries of handlers that are about to begin. Resolves once that is on disk.
   *
   * @throws GatewayError As `mark`.
   */
  startRetries(starts: readonly RetryStart[]): Promise<void>
  /**
   * Gives a failed event its new state and stores its records, all or nothing and never twice.
   * Resolves once that is on disk; false where the try no longer counts.
   *
   * @throws GatewayError As `mark`.
   */
  finishRetry(finish: RetryFinish): Promise<boolean>
  /**
   * Notes a rerun, about all that is stored by then. Resolves once that is on disk.
   *
   * @throws GatewayError As `mark`, and so for the three that follow.
   */
  createRerun(rerun: NewRerun, now: EpochMs): Promise<void>
  /** Changes the state of a rerun; false where it is in none of the states it may be changed in. */
  changeRerun(change: RerunChange): Promise<boolean>
  /** Counts that a process begins to work on a rerun. */
  startRerun(id: string): Promise<void>
  /**
   * Does a part of a rerun, all or nothing and never twice. Undefined where the rerun does not run,
   * or is not at this part.
   */
  stepRerun(step: RerunStep): Promise<RerunCounts | undefined>
  /**
   * Stores what a consumer has processed, and how far it is, all or nothing. Resolves once that is
   * on disk.
   *
   * @throws GatewayError As `mark`.
   */
  commitConsumed(commit: ConsumeCommit): Promise<void>
  /** While this says so, more is about to come, and a commit waits for some of it. */
  gatherWhile(isMoreComing: () => boolean): void
  /** Calls `listener` with the highest outbox seq on disk, after each sync. */
  onSynced(listener: (outboxSeq: number) => void): void
  /** The highest outbox seq on disk: the relay may read up to here. */
  readonly syncedOutboxSeq: number
  /** What waits for its answer, in bytes: bodies, values, and a fixed overhead for each event. */
  readonly pendingBytes: number
  /** Runs `task` between two commits: the next one starts when it has ended. */
  hold<T>(task: () => Promise<T>): Promise<T>
  /**
   * The storage cannot be trusted any more, as somebody else has found: rejects every waiter, the
   * commit that is being synced as well, takes nothing after, and calls `onFatal`.
   */
  fail(error: GatewayError): void
  /**
   * Refuses new work, finishes what is queued, and ends. Does not close the database. Where the
   * storage has failed it waits for no sync.
   */
  close(): Promise<void>
}

export interface WriterOptions {
  readonly database: InletDatabase
  readonly dedup: Dedup
  /**
   * Called once, when the storage cannot be trusted any more: a sync or a write failed, whosever it
   * was. Every waiter is rejected, nothing is taken after; the process has to end, because only a
   * start can find out what is on disk.
   */
  readonly onFatal: (error: unknown) => void
  /** For tests. Default: `fdatasync` of the WAL. */
  readonly sync?: Sync
  /** See GroupCommitPorts. */
  readonly nextTurn?: GroupCommitPorts<Draft>['nextTurn']
  /** See GroupCommitPorts. */
  readonly clock?: GroupCommitPorts<Draft>['clock']
  /** Default: nobody measures. */
  readonly meter?: CommitMeter
}

export function openWriter(options: WriterOptions): Writer {
  const { database, onFatal, meter } = options
  const store = openStore(database, options.dedup)
  const sync = options.sync ?? openWalSync(database.path)
  const listeners: ((outboxSeq: number) => void)[] = []
  let syncedOutboxSeq = store.outboxSeq

  const commits = new GroupCommit<Draft>({
    apply(batch) {
      meter?.items.observe(batch.length)
      return applyBatch(batch, { database, store })
    },
    sync: meter === undefined ? sync : timed(sync, meter),
    onSynced() {
      syncedOutboxSeq = store.outboxSeq
      for (const listener of listeners) listener(syncedOutboxSeq)
    },
    onFatal(error) {
      database.distrust(error)
      onFatal(error)
    },
    nextTurn: options.nextTurn,
    clock: options.clock,
  })

  // Retention and its like find out, too, in transactions of their own.
  database.onDistrusted((error) => commits.fail(error))

  /** Without it the next start takes longer, and a full disk leaves no room for it. */
  function wrapUp(): void {
    try {
      store.wrapUp()
    } catch (cause) {
      if (blameOf(cause) !== 'storage') return
      commits.fail(new GatewayError('STORAGE_FAILED', messageOf(cause), { cause }))
    }
  }

  return {
    commit: (event) => commits.submit(bytesOf(event), (draft) => store.event(draft, event)),
    commitAll(events, answer) {
      const bytes = events.reduce((sum, event) => sum + bytesOf(event), 0)
      return commits.submit(bytes, (draft) => store.events(draft, events, answer))
    },
    // Marks are small, one relay sends them one at a time, and they are what makes room:
    // never refused for load.
    mark: (mark) => commits.submit(0, (draft) => store.mark(draft, mark)),
    // Nor are these: a few at a time, and a handler's work is not to be done again for load.
    startRetries: (starts) => commits.submit(0, (draft) => store.startRetries(draft, starts)),
    finishRetry: (finish) => commits.submit(0, (draft) => store.finishRetry(draft, finish)),
    // Of these one of each kind is under way, and steps are bounded: they take their turn.
    createRerun: (rerun, now) => commits.submit(0, (draft) => store.createRerun(draft, rerun, now)),
    changeRerun: (change) => commits.submit(0, (draft) => store.changeRerun(draft, change)),
    startRerun: (id) => commits.submit(0, (draft) => store.startRerun(draft, id)),
    stepRerun: (step) => commits.submit(0, (draft) => store.stepRerun(draft, step)),
    // One of each consumer is under way, and bounded by what a consumer may have in memory.
    commitConsumed: (commit) => commits.submit(0, (draft) => store.consumed(draft, commit)),
    gatherWhile: (isMoreComing) => commits.gatherWhile(isMoreComing),
    onSynced: (listener) => void listeners.push(listener),
    get syncedOutboxSeq() {
      return syncedOutboxSeq
    },
    get pendingBytes() {
      return commits.pendingBytes
    },
    hold: (task) => commits.hold(task),
    fail: (error) => commits.fail(error),
    async close() {
      await commits.close()
      if (database.isTrusted) wrapUp()
      sync.close()
    },
  }
}

function timed(sync: Sync, meter: CommitMeter): Sync {
  return {
    run(done) {
      meter.syncStarted()
      sync.run((error) => {
        meter.syncEnded()
        done(error)
      })
    },
    close: () => sync.close(),
  }
}

interface BatchContext {
  readonly database: InletDatabase
  readonly store: Store
}

/**
 * One transaction for all; where one item is to blame for its failure, once more with each
 * item on its own.
 */
function applyBatch(batch: readonly Item<Draft>[], context: BatchContext): Applied {
  context.store.prepare()
  try {
    return transact(batch, context, (item, draft) => item.run(draft))
  } catch (cause) {
    if (blameOf(cause) !== 'item') throw cause
    return transact(batch, context, (item, draft) => runAlone(item, draft, context.database))
  }
}

function transact(
  batch: readonly Item<Draft>[],
  { database, store }: BatchContext,
  runOne: (item: Item<Draft>, draft: Draft) => () => void,
): Applied {
  const { draft, answers } = database.write(() => {
    const draft = store.begin()
    const answers = batch.map((item) => runOne(item, draft))
    store.finish(draft)
    failpoint('commit.written')
    return { draft, answers }
  })
  store.committed(draft)
  failpoint('commit.unsynced')
  return { answers, changed: draft.changed }
}

/** In a savepoint: two statements more for each item, so only where one of them has just failed. */
function runAlone(item: Item<Draft>, draft: Draft, { client }: InletDatabase): () => void {
  client.run('SAVEPOINT item')
  try {
    const send = item.run(draft)
    client.run('RELEASE item')
    return send
  } catch (cause) {
    if (blameOf(cause) !== 'item') throw cause
    client.run('ROLLBACK TO item')
    client.run('RELEASE item')
    const error = new GatewayError('STORAGE_FAILED', messageOf(cause), { cause })
    return () => item.reject(error)
  }
}

function bytesOf(event: NewEvent): number {
  // Of a batch's events the bodies are parts of one request: together they are about that.
  let bytes = EVENT_OVERHEAD_BYTES + event.body.byteLength
  for (const record of event.records) bytes += record.value?.byteLength ?? 0
  return bytes
}
