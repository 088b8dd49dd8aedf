/**
 * Named places at which a test ends or stops this process, as a crash would: `bun run torture
 * crash` goes through all of them. Only INLET_FAILPOINT arms one, at start; without it a place
 * costs one comparison.
 */

/** Where a crash leaves something different behind, in the order of an event's way. */
export const FAILPOINTS = [
  /** The file is migrated, and its WAL not yet emptied. */
  'open.migrated',
  /** Proven to be the provider's; nobody else knows of it. */
  'ingest.verified',
  /** Redis says that this node is storing it. */
  'ingest.claimed',
  /** Redis did not answer the claim: nobody knows what it did. */
  'hint.claim-skipped',
  /** All rows of a batch are written, and its transaction is open. */
  'commit.written',
  /** The batch could not be committed; nothing is answered. */
  'commit.failed',
  /** Committed, and not yet on disk. */
  'commit.unsynced',
  /** On disk, and not yet acknowledged. */
  'commit.synced',
  /** Redis did not take that it is stored. */
  'hint.done-skipped',
  /** Redis says that it is stored; not yet acknowledged. */
  'ingest.done',
  /** The relay is about to look for entries. */
  'relay.reading',
  /** It has a batch, and has sent nothing. */
  'relay.read',
  /** A send has begun; what of it has left is not known. */
  'kafka.sending',
  /** Everything is acknowledged by Kafka, and nothing marked. */
  'relay.acked',
  /** The mark could not be stored. */
  'relay.mark-failed',
  /** The mark is on disk, and the next batch not yet read. */
  'relay.marked',
  /** Handlers of a rerun's step have run, and nothing of it is stored. */
  'rerun.prepared',
  /** A step of a rerun is on disk. */
  'rerun.stepped',
  /** Handlers of a consumer have run, and nothing of it is stored. */
  'consume.handled',
  /** What came of its records is on disk, and Kafka knows nothing of it. */
  'consume.stored',
  /** Kafka knows the offsets. */
  'consume.told',
  /** Old rows are deleted, and the transaction is open. */
  'retention.deleting',
] as const

export type Failpoint = (typeof FAILPOINTS)[number]

/** What to do to this process, and when. */
export interface FailpointPlan {
  readonly point: Failpoint
  /** Nothing happens before it is passed this often. */
  readonly hit: number
  readonly signal: 'SIGKILL' | 'SIGSTOP'
  /** How long after that, in ms. */
  readonly afterMs: number
}

const FORM = /^(?<point>[a-z.-]+):(?<hit>\d{1,6}):(?<signal>SIGKILL|SIGSTOP):(?<afterMs>\d{1,4})$/

/** Reads `<point>:<hit>:<SIGKILL or SIGSTOP>:<ms after>`; undefined where it is nothing of that. */
export function parseFailpoint(text: string): FailpointPlan | undefined {
  const groups = FORM.exec(text)?.groups
  const point = FAILPOINTS.find((each) => each === groups?.['point'])
  if (groups === undefined || point === undefined) return undefined
  return {
    point,
    hit: Number(groups['hit']),
    signal: groups['signal'] === 'SIGSTOP' ? 'SIGSTOP' : 'SIGKILL',
    afterMs: Number(groups['afterMs']),
  }
}

let armed: FailpointPlan | undefined
let hits = 0

/** Arms one in this thread; undefined disarms. */
export function armFailpoint(plan: FailpointPlan | undefined): void {
  armed = plan
  hits = 0
}

/** A place that may be armed. */
export function failpoint(point: Failpoint): void {
  if (armed?.point === point) strike(armed)
}

function strike({ hit, signal, afterMs }: FailpointPlan): void {
  hits += 1
  if (hits !== hit) return
  const end = () => process.kill(process.pid, signal)
  if (afterMs === 0) end()
  else setTimeout(end, afterMs)
}
