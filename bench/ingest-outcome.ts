import type { Load } from './load.ts'
import { SATURATED_BUSY_MIN } from './saturation.ts'
import { describeSpread, median, spreadOf, type Spread } from './statistics.ts'

/** With fewer connections than this the bare server cannot be kept busy. */
const SATURATING_CONNECTIONS = 64

/** One round of load, and how busy the server was: 1 is its whole core. */
export interface Round extends Load {
  readonly busy: number
}

/** What ours did beside a peer. */
export interface PeerFigures {
  readonly name: string
  /** Ours to the peer, of each round. */
  readonly oursToPeer: Spread
  readonly eventsPerSecond: Spread
  readonly p50Ms: number
  readonly p99Ms: number
  readonly busy: number
  readonly cpuUsPerEvent: number
}

/** Rounds of all that were loaded in turn: the n-th of each belong together. */
export interface Rounds {
  readonly ours: readonly Round[]
  readonly bare: readonly Round[]
  readonly peers: readonly { readonly name: string; readonly rounds: readonly Round[] }[]
}

/** What the rounds with one number of connections say. */
export interface Figures {
  /** False where the bare server could not show what it can: the ratio then flatters us. */
  readonly valid: boolean
  /** Those whose bare server was not kept waiting. */
  readonly roundsCounted: number
  /** Ours to bare, of each round. */
  readonly ratio: Spread
  readonly eventsPerSecond: Spread
  readonly barePerSecond: Spread
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly busy: number
  readonly bareBusy: number
  /** CPU time of all threads for one event: says more than the rate where other programs run. */
  readonly cpuUsPerEvent: number
  readonly bareCpuUsPerRequest: number
  /** The generator's, while it loads the bare server. */
  readonly generatorBusy: number
  readonly peers: readonly PeerFigures[]
}

export interface Outcome extends Figures {
  readonly connections: number
  /** Events on disk, those of the first round included; all that were accepted are among them. */
  readonly stored: number
  readonly pending: number
  readonly eventsPerSync: number | undefined
}

/**
 * Sums the rounds up. A round whose bare server was kept waiting says nothing, and is left out;
 * where too few remain the outcome is not valid, and its figures are those of all, to show why.
 */
export function figuresOf(connections: number, rounds: Rounds): Figures {
  const isSaturated = rounds.bare.map(
    ({ busy }) => connections < SATURATING_CONNECTIONS || busy >= SATURATED_BUSY_MIN,
  )
  const saturated = isSaturated.filter(Boolean).length
  const valid = saturated > isSaturated.length / 2
  const shown = (all: readonly Round[]) => all.filter((_, n) => !valid || isSaturated[n])
  const ours = shown(rounds.ours)
  const bare = shown(rounds.bare)
  return {
    valid,
    roundsCounted: saturated,
    ratio: ratioOf(ours, bare),
    eventsPerSecond: spreadOf(ours.map((round) => round.perSecond)),
    barePerSecond: spreadOf(bare.map((round) => round.perSecond)),
    p50Ms: median(ours.map((round) => round.p50Ms)),
    p99Ms: median(ours.map((round) => round.p99Ms)),
    maxMs: Math.max(...ours.map((round) => round.maxMs)),
    busy: median(ours.map((round) => round.busy)),
    bareBusy: median(bare.map((round) => round.busy)),
    cpuUsPerEvent: median(ours.map(cpuUsPerRequest)),
    bareCpuUsPerRequest: median(bare.map(cpuUsPerRequest)),
    generatorBusy: median(bare.map((round) => round.generatorBusy)),
    peers: rounds.peers.map((peer) => peerFiguresOf(peer.name, ours, shown(peer.rounds))),
  }
}

function peerFiguresOf(
  name: string,
  ours: readonly Round[],
  theirs: readonly Round[],
): PeerFigures {
  return {
    name,
    oursToPeer: ratioOf(ours, theirs),
    eventsPerSecond: spreadOf(theirs.map((round) => round.perSecond)),
    p50Ms: median(theirs.map((round) => round.p50Ms)),
    p99Ms: median(theirs.map((round) => round.p99Ms)),
    busy: median(theirs.map((round) => round.busy)),
    cpuUsPerEvent: median(theirs.map(cpuUsPerRequest)),
  }
}

function ratioOf(ours: readonly Round[], theirs: readonly Round[]): Spread {
  return spreadOf(ours.map(({ perSecond }, n) => perSecond / (theirs[n]?.perSecond ?? Number.NaN)))
}

/** The figures for people: median (least to greatest). */
export function describeOutcome(outcome: Outcome): string {
  const { connections, p50Ms, p99Ms, maxMs, eventsPerSync } = outcome
  const lines = [
    `C=${connections}: ${describeSpread(outcome.ratio, 3)} of the bare server`,
    `${outcome.roundsCounted} rounds counted`,
    `inlet ${describeSpread(outcome.eventsPerSecond, 0)} a second, ${percent(outcome.busy)} busy`,
    `      ${outcome.cpuUsPerEvent.toFixed(1)} µs of CPU each`,
    `      p50 ${p50Ms.toFixed(1)}, p99 ${p99Ms.toFixed(1)}, max ${maxMs.toFixed(0)} ms`,
    `bare  ${describeSpread(outcome.barePerSecond, 0)} a second, ${percent(outcome.bareBusy)} busy`,
    `      ${outcome.bareCpuUsPerRequest.toFixed(1)} µs of CPU each`,
    `      its generator ${percent(outcome.generatorBusy)} busy`,
    `all accepted events are among the ${outcome.stored} stored`,
    `${outcome.pending} records wait to be published`,
  ]
  if (eventsPerSync !== undefined) lines.push(`${eventsPerSync.toFixed(0)} events a sync`)
  for (const peer of outcome.peers) {
    lines.push(
      `${describeSpread(peer.oursToPeer, 2)} times ${peer.name}`,
      `      ${describeSpread(peer.eventsPerSecond, 0)} a second, ${percent(peer.busy)} busy`,
      `      ${peer.cpuUsPerEvent.toFixed(1)} µs of CPU each`,
      `      p50 ${peer.p50Ms.toFixed(1)}, p99 ${peer.p99Ms.toFixed(1)} ms`,
    )
  }
  if (!outcome.valid) {
    lines.push('NOT VALID: the bare server was kept waiting, by the generator or other programs')
  }
  return lines.join('\n  ')
}

function cpuUsPerRequest({ busy, perSecond }: Round): number {
  return (1e6 * busy) / perSecond
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(0)} %`
}
