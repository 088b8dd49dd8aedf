import { cpus } from 'node:os'
import { systemClock } from '../src/clock.ts'
import type { Gateway } from './contestants.ts'
import { runLoad, type Load } from './load.ts'
import type { Presigned } from './presign.ts'
import { SATURATED_BUSY_MIN } from './saturation.ts'
import { describeSpread, spreadOf } from './statistics.ts'

const GENERATOR_CPU = cpus().length - 1
/** More requests than are taken in a second. */
const PER_SECOND_MAX = 60_000

export interface InTurnOptions {
  /** What the other is measured against. */
  readonly plain: Gateway
  readonly other: Gateway
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
  readonly directory: string
  readonly sign: (count: number) => Presigned
}

interface Round extends Load {
  readonly busy: number
}

/**
 * Loads two gateways in turn, each request waiting for its answer, the other first in every second
 * round; prints and returns what the second is to the first. Both are frozen meanwhile.
 */
export async function loadInTurn(options: InTurnOptions) {
  const { plain, other } = options
  const gateways = [plain, other]
  for (const gateway of gateways) gateway.freeze()
  const rounds = new Map<Gateway, Round[]>(gateways.map((gateway) => [gateway, []]))
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const gateway of round % 2 === 0 ? gateways : gateways.toReversed()) {
      const counted = await loadRound(gateway, options)
      if (round > 0) rounds.get(gateway)?.push(counted)
    }
  }
  for (const gateway of gateways) gateway.thaw()
  const [first = [], second = []] = [...rounds.values()]
  const ratio = (figure: 'perSecond' | 'p99Ms') =>
    spreadOf(second.map((each, n) => each[figure] / (first[n]?.[figure] ?? Number.NaN)))
  const figures = {
    ratio: ratio('perSecond'),
    p99Ratio: ratio('p99Ms'),
    plain: spreadsOf(first),
    other: spreadsOf(second),
  }
  const saturated = first.filter(({ busy }) => busy >= SATURATED_BUSY_MIN)
  const valid = saturated.length > first.length / 2
  console.error(`ratio: ${describeSpread(figures.ratio, 3)}`)
  console.error(`p99Ratio: ${describeSpread(figures.p99Ratio, 2)}`)
  for (const name of ['plain', 'other'] as const) {
    const spreads = Object.entries(figures[name])
    console.error(
      `${name}: ${spreads.map(([of, s]) => `${of} ${describeSpread(s, 2)}`).join(', ')}`,
    )
  }
  if (!valid) console.error('NOT VALID: the generator or other programs kept the gateway waiting')
  return { valid, figures }
}

async function loadRound(gateway: Gateway, options: InTurnOptions): Promise<Round> {
  const presigned = options.sign(PER_SECOND_MAX * options.seconds)
  gateway.thaw()
  const cpuMs = gateway.cpuMs()
  const startedMs = systemClock.monotonicMs()
  const load = await runLoad({
    ...options,
    url: gateway.url,
    presigned,
    cpu: GENERATOR_CPU,
    repeat: false,
  })
  const busy = (gateway.cpuMs() - cpuMs) / (systemClock.monotonicMs() - startedMs)
  gateway.freeze()
  return { ...load, busy }
}

function spreadsOf(rounds: readonly Round[]) {
  return {
    eventsPerSecond: spreadOf(rounds.map(({ perSecond }) => perSecond)),
    p50Ms: spreadOf(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: spreadOf(rounds.map(({ p99Ms }) => p99Ms)),
    busy: spreadOf(rounds.map(({ busy }) => busy)),
  }
}
