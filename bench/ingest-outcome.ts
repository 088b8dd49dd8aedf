import type { Load } from './load.ts'
import { median, spreadOf, type Spread } from './statistics.ts'

/** Below this the bare server was waiting for the generator, and the ratio means nothing. */
const SATURATED_BUSY_MIN = 0.9
/** With fewer connections than this the bare server cannot be kept busy. */
const SATURATING_CONNECTIONS = 64

/** One round of load, and how busy the server was: 1 is its whole core. */
export interface Round extends Load {
  readonly busy: number
}

/** What the rounds with one number of connections say. */
export interface Figures {
  /** Ours to bare, of each round. */
  readonly ratio: Spread
  readonly eventsPerSecond: Spread
  readonly barePerSecond: Spread
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly busy: number
  readonly bareBusy: number
  /** The generator's, while it loads the bare server. */
  readonly generatorBusy: number
}

export interface Outcome extends Figures {
  readonly connections: number
  /** Events on disk, those of the first round included; all that were accepted are among them. */
  readonly stored: number
  readonly relayLagEntries: number
  readonly eventsPerSync: number | undefined
}

/** Sums the rounds up. Throws where the generator was too slow for the bare server. */
export function figuresOf(
  connections: number,
  rounds: { readonly ours: readonly Round[]; readonly bare: readonly Round[] },
): Figures {
  const { ours, bare } = rounds
  const bareBusy = median(bare.map((round) => round.busy))
  if (connections >= SATURATING_CONNECTIONS && bareBusy < SATURATED_BUSY_MIN) {
    throw new Error(
      `the bare server was only ${percent(bareBusy)} busy: this would measure the generator`,
    )
  }
  return {
    ratio: spreadOf(ours.map((round, n) => round.perSecond / (bare[n]?.perSecond ?? Number.NaN))),
    eventsPerSecond: spreadOf(ours.map((round) => round.perSecond)),
    barePerSecond: spreadOf(bare.map((round) => round.perSecond)),
    p50Ms: median(ours.map((round) => round.p50Ms)),
    p99Ms: median(ours.map((round) => round.p99Ms)),
    maxMs: Math.max(...ours.map((round) => round.maxMs)),
    busy: median(ours.map((round) => round.busy)),
    bareBusy,
    generatorBusy: median(bare.map((round) => round.generatorBusy)),
  }
}

/** The figures for people: median (least to greatest). */
export function describeOutcome(outcome: Outcome): string {
  const { connections, p50Ms, p99Ms, maxMs, eventsPerSync } = outcome
  const lines = [
    `C=${connections}: ${describeSpread(outcome.ratio, 3)} of the bare server`,
    `inlet ${describeSpread(outcome.eventsPerSecond, 0)} a second, ${percent(outcome.busy)} busy`,
    `      p50 ${p50Ms.toFixed(1)}, p99 ${p99Ms.toFixed(1)}, max ${maxMs.toFixed(0)} ms`,
    `bare  ${describeSpread(outcome.barePerSecond, 0)} a second, ${percent(outcome.bareBusy)} busy`,
    `      its generator ${percent(outcome.generatorBusy)} busy`,
    `all accepted events are among the ${outcome.stored} stored`,
    `${outcome.relayLagEntries} records wait to be published`,
  ]
  if (eventsPerSync !== undefined) lines.push(`${eventsPerSync.toFixed(0)} events a sync`)
  return lines.join('\n  ')
}

function describeSpread({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(0)} %`
}
