import type { Histogram } from '../readings/histogram.ts'
import type { Readings } from '../readings/readings.ts'

/** One number of a metric: the values of its labels, in their order, and what it is. */
export type Sample = readonly [labels: readonly string[], value: number | Histogram]

/** Something that is measured: read when somebody asks, and never before. */
export interface Metric {
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  readonly read: (readings: Readings) => readonly Sample[]
  /** Of a histogram: by what its values are divided to come to the unit of its name. */
  readonly divisor?: number
}
