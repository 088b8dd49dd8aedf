import { BrokenInvariant } from '../../src/assert.ts'
import { GroupCommit } from '../../db/group-commit.ts'
import type { Delivery, Verified, VerifiedBody } from '../../src/delivery.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { openHint } from '../../src/idempotency/open-hint.ts'
import { ingest, type IngestPorts, type Outcome } from '../../src/ingest/ingest.ts'
import { silentLog } from '../../src/log.ts'
import type { RelayPorts } from '../../src/relay/ports.ts'
import { runRelay } from '../../src/relay/relay.ts'
import { NO_INTAKE, openSynced, type Synced } from '../../src/relay/synced.ts'
import type { Source } from '../../src/source.ts'
import type { Broker } from './broker.ts'
import { Disk, type DiskPorts, type Draft } from './disk.ts'
import type { Faults } from './faults.ts'
import type { Redis } from './redis.ts'
import type { Mortal, Scheduler } from './scheduler.ts'

export const BATCH_ENTRIES_MAX = 3

/** What a schedule takes away, to see that it is missed. */
export interface Sabotage {
  readonly relay?: (ports: RelayPorts, disk: Disk) => RelayPorts
  readonly ingest?: (ports: IngestPorts) => IngestPorts
  readonly disk?: (ports: DiskPorts) => DiskPorts
}

export interface NodeParts {
  readonly scheduler: Scheduler
  readonly faults: Faults
  readonly broker: Broker
  readonly redis: Redis
  readonly sabotage: Sabotage
}

/** One life of a gateway's process. */
interface Life extends Mortal {
  readonly ports: IngestPorts
  readonly commits: GroupCommit<Draft>
  relay: { readonly thread: Mortal; readonly synced: Synced } | undefined
  /** The relay's last mark that has come in; settles once it is on disk, or refused. */
  marking: Promise<unknown>
}

/** A gateway: the real intake, group commit and relay, on a disk that outlives its processes. */
export class Node {
  readonly name: string
  readonly disk = new Disk()
  readonly #parts: NodeParts
  #life: Life | undefined

  constructor(name: string, parts: NodeParts) {
    this.name = name
    this.#parts = parts
    this.#start()
  }

  /** Whether everything that is stored is published. */
  get isDrained(): boolean {
    return this.#life !== undefined && this.disk.highWater === this.disk.syncedSeq
  }

  /** Delivers events of a key in one request. Calls `answered` once, with what came of it. */
  deliver(
    eventIds: readonly string[],
    key: string,
    answered: (outcome: Outcome | 'cut off') => void,
  ): void {
    const names = eventIds.join()
    const life = this.#life
    const { scheduler } = this.#parts
    if (life === undefined) {
      scheduler.later(`${this.name} is down`, undefined, () => answered('cut off'))
      return
    }
    let isAnswered = false
    const answer = (outcome: Outcome | 'cut off') => {
      if (isAnswered) return
      isAnswered = true
      answered(outcome)
    }
    scheduler.later(`takes ${names}`, life, () => {
      void ingest(deliveryOf(names, key), SOURCE, life.ports).then(
        (outcome) => scheduler.later(`answers ${names}`, life, () => answer(outcome)),
        () => scheduler.later(`fails ${names}`, life, () => answer('cut off')),
      )
    })
    // A sender waits for so long; only one that hears nothing is woken by this.
    scheduler.timer(`the sender of ${names} gives up`, undefined, () => answer('cut off'))
  }

  /** The process ends here; the next one starts a little later. */
  kill(): void {
    const life = this.#life
    if (life === undefined) return
    const { scheduler, redis } = this.#parts
    this.#life = undefined
    scheduler.end(life, ...(life.relay === undefined ? [] : [life.relay.thread]))
    scheduler.timer(`claims of ${this.name} expire`, undefined, () => redis.expireClaimsOf(life))
    scheduler.timer(`${this.name} starts`, undefined, () => this.#start())
  }

  cutPower(): void {
    this.disk.cutPower()
    this.kill()
  }

  /** The relay's thread ends alone; another one starts. */
  killRelay(): void {
    const life = this.#life
    if (life?.relay === undefined) return
    this.#parts.scheduler.end(life.relay.thread)
    life.relay = undefined
    this.#parts.scheduler.timer('the relay starts', life, () => {
      void life.marking.then(() => this.#startRelay(life))
    })
  }

  #start(): void {
    const { scheduler, redis, sabotage } = this.#parts
    // A start empties the WAL before it reads anything.
    this.disk.sync()
    const life: Mortal = { name: this.name, isAlive: true }
    const clock = scheduler.clockOf(life)
    const disk = this.#diskPorts(life)
    const commits = new GroupCommit<Draft>({
      ...(sabotage.disk?.(disk) ?? disk),
      onSynced: () => this.#life?.relay?.synced.advance(this.disk.syncedSeq, NO_INTAKE),
      onFatal: () => scheduler.later('ends after a failure', life, () => this.cutPower()),
    })
    const ports: IngestPorts = {
      clock,
      handlerMsMax: 800,
      probes: { learn: () => Promise.resolve(undefined), confirm: () => undefined },
      hint: openHint(redis.commandsOf(life), {
        node: this.name,
        epoch: 'one',
        doneTtlMs: 1_000_000_000,
        clock,
        log: silentLog,
      }),
      commit: (event) => commits.submit(1, (draft) => this.disk.store(draft, event)),
      commitAll: (events) =>
        commits.submit(1, (draft) => events.map((event) => this.disk.store(draft, event))),
    }
    this.#life = Object.assign(life, {
      ports: sabotage.ingest?.(ports) ?? ports,
      commits,
      relay: undefined,
      marking: Promise.resolve(),
    })
    this.#startRelay(this.#life)
  }

  #diskPorts(life: Mortal): DiskPorts {
    const { scheduler, faults } = this.#parts
    return {
      apply: (batch) => {
        if (faults.pick(20, ['commit fails']) !== undefined) throw new Error('commit fails')
        return this.disk.apply(batch)
      },
      sync: {
        run: (done) =>
          scheduler.later('synced', life, () => {
            const fault = faults.pick(30, ['sync fails'])
            if (fault === undefined) this.disk.sync()
            done(fault === undefined ? null : new Error(fault))
          }),
        close() {},
      },
    }
  }

  #startRelay(life: Life): void {
    const { scheduler, broker, sabotage } = this.#parts
    const thread: Mortal = { name: `${this.name}'s relay`, isAlive: true }
    const clock = scheduler.clockOf(thread)
    const synced = openSynced(this.disk.syncedSeq, clock)
    life.relay = { thread, synced }
    const ports: RelayPorts = {
      outbox: this.disk.reader(),
      publisher: broker.publisherFor(thread),
      synced,
      clock,
      log: silentLog,
      mark: (mark) =>
        new Promise((resolve, reject) => {
          // Two messages between the threads, each as late as it likes.
          scheduler.later('hears of a mark', life, () => {
            // src/wiring/relay-thread.ts listens no more to one that is dead.
            if (!thread.isAlive) return
            const stored = life.commits.submit(0, (draft) => this.disk.mark(draft, mark))
            life.marking = stored.catch(() => undefined)
            const answer = (settle: () => void) => scheduler.later('mark answered', thread, settle)
            stored.then(
              () => answer(resolve),
              (error: unknown) => answer(() => reject(asInRelayThread(error))),
            )
          })
        }),
      report() {},
    }
    const options = { poisonPolicy: 'continue', batchEntriesMax: BATCH_ENTRIES_MAX } as const
    const never = new AbortController().signal
    scheduler.later('the relay begins', thread, () => {
      runRelay(sabotage.relay?.(ports, this.disk) ?? ports, options, never).catch(() =>
        scheduler.later('the relay crashed', thread, () => this.killRelay()),
      )
    })
  }
}

/**
 * src/wiring/relay-thread.ts passes on what may be tried again; a mark that contradicts is a crash.
 */
function asInRelayThread(error: unknown): unknown {
  return error instanceof GatewayError && error.cause instanceof BrokenInvariant
    ? error.cause
    : error
}

const SOURCE: Source = {
  name: 'made',
  provider: 'made',
  unsigned: false,
  neverRetries: false,
  file: undefined,
  methods: ['POST'],
  route: () => ({ topic: 'events' }),
  verify: (delivery) => {
    const body = delivery.body as VerifiedBody
    const key = delivery.headers.get('key') ?? ''
    const events = (delivery.headers.get('ids') ?? '').split(',').map((eventId): Verified => ({
      kind: 'verified',
      body,
      parsed: { kind: 'opaque' },
      eventId,
      eventIdValidMs: undefined,
      type: 'made',
      key,
      contentType: 'text/plain',
    }))
    const [only, ...others] = events
    if (only !== undefined && others.length === 0) return only
    return { kind: 'batch', body, events, secretIndex: undefined, answer: undefined }
  },
}

function deliveryOf(ids: string, key: string): Delivery {
  return {
    source: SOURCE.name,
    method: 'POST',
    url: 'http://gateway/hooks/made',
    headers: new Headers({ ids, key }),
    body: new Uint8Array(),
    receivedAt: 1_800_000_000_000,
  }
}
