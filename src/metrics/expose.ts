import type { Histogram } from '../readings/histogram.ts'
import type { Readings } from '../readings/readings.ts'
import type { Metric } from './metric.ts'

/** The media type of the text format. */
export const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Writes metrics in the text format of Prometheus. Ours, and not prom-client's: that keeps its own
 * counts and takes an observation at a time, where ours are counted by whoever has them at hand;
 * what is left is to write them down.
 */
export function expose(metrics: readonly Metric[], readings: Readings): string {
  return metrics.map((metric) => exposeOne(metric, readings)).join('')
}

function exposeOne(metric: Metric, readings: Readings): string {
  const { name, kind, help, labels, divisor = 1 } = metric
  const lines = [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${kind}`]
  for (const [values, value] of metric.read(readings)) {
    const pairs = labels.map((label, at) => `${label}="${escapeValue(values[at] ?? '')}"`)
    if (typeof value === 'number') lines.push(`${name}${braced(pairs)} ${numeral(value)}`)
    else lines.push(...bucketLines({ name, pairs, divisor }, value))
  }
  return `${lines.join('\n')}\n`
}

interface Series {
  readonly name: string
  readonly pairs: readonly string[]
  readonly divisor: number
}

function bucketLines({ name, pairs, divisor }: Series, histogram: Histogram): string[] {
  let count = 0
  const lines = [...histogram.counts].map((own, at) => {
    count += own
    const bound = histogram.bounds[at]
    const le = bound === undefined ? '+Inf' : numeral(bound / divisor)
    return `${name}_bucket${braced([...pairs, `le="${le}"`])} ${numeral(count)}`
  })
  lines.push(`${name}_sum${braced(pairs)} ${numeral(histogram.sum / divisor)}`)
  lines.push(`${name}_count${braced(pairs)} ${numeral(count)}`)
  return lines
}

function braced(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function numeral(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : 'NaN'
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function escapeValue(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"')
}
