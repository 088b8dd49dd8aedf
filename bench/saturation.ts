import { systemClock } from '../src/clock.ts'
import type { Gateway } from './contestants.ts'
import { runLoad } from './load.ts'
import type { Presigned } from './presign.ts'

const CONNECTIONS = 256
const SECONDS = 3
/** More requests than are taken in a second. */
const PER_SECOND_MAX = 60_000
const POLL_MS = 10
/** A million records take about a minute. */
const DRAIN_MS_MAX = 300_000

/** Below this share of its core a server under full load was kept waiting. */
export const SATURATED_BUSY_MIN = 0.9

export interface SaturationOptions {
  readonly directory: string
  /** Of the generator. */
  readonly cpu: number
  readonly sign: (count: number) => Presigned
}

/** Events a second that a gateway takes from 256 connections that wait for their answers. */
export async function saturate(gateway: Gateway, options: SaturationOptions): Promise<number> {
  const { perSecond } = await runLoad({
    url: gateway.url,
    presigned: options.sign(PER_SECOND_MAX * SECONDS),
    directory: options.directory,
    connections: CONNECTIONS,
    seconds: SECONDS,
    cpu: options.cpu,
    repeat: false,
  })
  return perSecond
}

/** Waits until fewer records than `count` wait at a gateway to be published; by default none. */
export async function drain(gateway: Gateway, count = 1): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + DRAIN_MS_MAX
  for (;;) {
    const pending = await gateway.pending()
    if (pending < count) return
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`${pending} records still wait`)
    await systemClock.sleep(POLL_MS)
  }
}
