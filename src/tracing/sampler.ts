import type { TraceContext } from '../trace-context.ts'

/** Whether a trace is recorded: the same answer for all that belongs to it, on every node. */
export type Sampler = (traceId: string, parent?: TraceContext) => boolean

/** The last 56 bits of a trace id are random, by W3C's word. */
const RANDOM_DIGITS = 14

/** A sampler as OpenTelemetry names it. */
export function openSampler(name: string, share: number): Sampler {
  const isParentBased = name.startsWith('parentbased_')
  const ratio = name.endsWith('always_on') ? 1 : name.endsWith('always_off') ? 0 : share
  return (traceId, parent) => {
    if (isParentBased && parent !== undefined) return parent.isSampled
    return Number.parseInt(traceId.slice(-RANDOM_DIGITS), 16) / 16 ** RANDOM_DIGITS < ratio
  }
}
