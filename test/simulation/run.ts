import { Broker } from './broker.ts'
import { choicesOf, choicesFrom, type Choices } from './choices.ts'
import { openFaults, type Faults } from './faults.ts'
import { BATCH_ENTRIES_MAX, Node, type Sabotage } from './node.ts'
import { Redis } from './redis.ts'
import { Scheduler } from './scheduler.ts'

const KEYS = 3
const EVENTS_PER_KEY = 3
const STEPS_MAX = 4_000
const FAULTS_MAX = 8

/** What is wrong with a schedule, each as a line; nothing where every promise held. */
export interface Run {
  readonly broken: readonly string[]
  readonly faults: number
  readonly steps: number
  /** Events that were acknowledged, those on the topic, and the records that they became. */
  readonly acked: number
  readonly published: number
  readonly copies: number
  /** Every decision, to run it again or to shrink it. */
  readonly made: readonly number[]
  readonly trace: readonly string[]
}

export function runSeed(seed: number, sabotage: Sabotage = {}): Run {
  return run(choicesOf(seed), sabotage)
}

export function runList(list: readonly number[], sabotage: Sabotage = {}): Run {
  return run(choicesFrom(list), sabotage)
}

/** One life of one or two gateways that share a source, from the first event to the last mark. */
function run(choices: Choices, sabotage: Sabotage): Run {
  const scheduler = new Scheduler(choices)
  const faults = openFaults(choices, scheduler, choices.next(FAULTS_MAX + 1))
  const broker = new Broker(scheduler, faults)
  const redis = new Redis(scheduler, faults)
  const parts = { scheduler, faults, broker, redis, sabotage }
  const nodes = ['one', 'two'].slice(0, 1 + choices.next(2)).map((name) => new Node(name, parts))
  const senders = openSenders(nodes, scheduler, choices)

  let steps = 0
  const isDone = () => senders.areDone() && nodes.every((node) => node.isDrained)
  while (!isDone() && steps < STEPS_MAX) {
    // The end is for finding out what is left: nothing fails any more.
    if (senders.areDone()) faults.stop()
    strike(nodes, faults, choices)
    steps += 1
    if (!scheduler.step()) break
  }
  const broken = [...senders.broken, ...audit(senders.acked, broker, { nodes, faults })]
  if (!isDone()) broken.push(`not finished after ${steps} steps`)
  const copies = broker.logs.flat()
  return {
    broken,
    faults: faults.count,
    steps,
    acked: senders.acked.length,
    published: new Set(copies).size,
    copies: copies.length,
    made: choices.made,
    trace: scheduler.trace,
  }
}

/** Between any two steps a process may die. */
function strike(nodes: readonly Node[], faults: Faults, choices: Choices): void {
  const node = nodes[choices.next(nodes.length)]
  const blows = new Map([
    [`${node?.name} is killed`, () => node?.kill()],
    [`${node?.name} loses power`, () => node?.cutPower()],
    [`the relay of ${node?.name} dies`, () => node?.killRelay()],
  ])
  const blow = faults.pick(25, [...blows.keys()])
  if (blow !== undefined) blows.get(blow)?.()
}

interface Senders {
  /** Ids in the order in which they were acknowledged. */
  readonly acked: readonly string[]
  readonly broken: readonly string[]
  areDone(): boolean
}

/** One sender a key: the next request goes out once the last one is acknowledged. */
function openSenders(nodes: readonly Node[], scheduler: Scheduler, choices: Choices): Senders {
  const acked: string[] = []
  const broken: string[] = []

  function send(key: string, n: number): void {
    // One or two of them in a request.
    const together = Math.min(1 + choices.next(2), EVENTS_PER_KEY - n)
    if (together === 0) return
    const ids = Array.from({ length: together }, (_, at) => `${key}${n + at}`)
    nodes[choices.next(nodes.length)]?.deliver(ids, key, (outcome) => {
      const isTaken = outcome !== 'cut off' && outcome.kind !== 'refused'
      if (!isTaken) {
        scheduler.timer(`${ids.join()} is sent again`, undefined, () => send(key, n))
        return
      }
      for (const id of ids) {
        if (nodes.some(({ disk }) => disk.holds(id))) continue
        broken.push(`${id} was acknowledged before it was on disk`)
      }
      acked.push(...ids)
      send(key, n + together)
    })
  }
  for (let at = 0; at < KEYS; at += 1) send('abc'[at] ?? '', 0)
  return { acked, broken, areDone: () => acked.length === KEYS * EVENTS_PER_KEY }
}

function audit(
  acked: readonly string[],
  broker: Broker,
  { nodes, faults }: { readonly nodes: readonly Node[]; readonly faults: Faults },
): string[] {
  const all = broker.logs.flat()
  const firsts = [...new Set(all)]
  const broken = acked.filter((id) => !all.includes(id)).map((id) => `${id} is lost`)
  // Several nodes keep no order between them, and no duplicates apart while Redis is away.
  if (nodes.length > 1) return broken
  for (const id of firsts) {
    const [key, n] = [id[0], Number(id[1])]
    const later = firsts.slice(0, firsts.indexOf(id)).find((a) => a[0] === key && Number(a[1]) > n)
    if (later !== undefined) broken.push(`${later} is on its topic before ${id}`)
  }
  const duplicates = all.length - firsts.length
  if (duplicates > faults.count * BATCH_ENTRIES_MAX) {
    broken.push(`${duplicates} duplicates after ${faults.count} faults`)
  }
  return broken
}
