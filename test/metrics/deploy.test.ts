/** The alert rules and the board in deploy/ against the metrics that there are. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import type { Metric } from '../../src/metrics/metric.ts'
import { METRICS } from '../../src/metrics/metrics.ts'

const DEPLOY = join(import.meta.dir, '../../deploy')
const read = (path: string) => readFileSync(join(DEPLOY, path), 'utf8')

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[]
  }[]
}
interface Board {
  readonly panels: readonly {
    readonly title: string
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
  }[]
}

const rules = (Bun.YAML.parse(read('prometheus/alerts.yaml')) as Rules).groups[0]?.rules ?? []
const panels = (JSON.parse(read('grafana/inlet.json')) as Board).panels
const targets = panels.flatMap((panel) => panel.targets ?? [])

/** Every series that Prometheus would have, and the labels of each. */
const SERIES = new Map(METRICS.flatMap((metric) => seriesOf(metric)))

function seriesOf({ name, kind, labels }: Metric): [string, readonly string[]][] {
  if (kind !== 'histogram') return [[name, labels]]
  const bucket = [`${name}_bucket`, [...labels, 'le']] as [string, string[]]
  return [bucket, [`${name}_sum`, labels], [`${name}_count`, labels]]
}

/** The labels that what an expression comes to may have. */
function labelsOf(expression: string): readonly string[] {
  const [, by] = /\bby \(([^)]*)\)/.exec(expression) ?? []
  const [, name = ''] = /\b((?:inlet|process)_\w+)/.exec(expression) ?? []
  const labels = by?.split(',').map((label) => label.trim()) ?? SERIES.get(name) ?? []
  return by === undefined ? [...labels, 'instance'] : labels
}

/** What an expression names and we do not have: metrics, and labels of them. */
function unknownIn(expression: string): readonly string[] {
  const used = [...expression.matchAll(/\b((?:inlet|process)_\w+)(?:\{([^}]*)\})?/g)]
  const labels = new Set(['instance', ...used.flatMap(([, name = '']) => SERIES.get(name) ?? [])])
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, by = '']) =>
    by.split(',').map((label) => label.trim()),
  )
  return [
    ...grouped.filter((label) => !labels.has(label)),
    ...used.flatMap(([, name = '', selector = '']) => {
      const known = SERIES.get(name)
      if (known === undefined) return [name]
      const own = [...selector.matchAll(/(\w+)\s*[=!]~?/g)].map(([, label = '']) => label)
      return own.filter((label) => label !== 'instance' && !known.includes(label))
    }),
  ]
}

test('the check sees a metric, a selected label and a grouped one that do not exist', () => {
  expect(unknownIn('rate(inlet_gone_total[5m])')).toEqual(['inlet_gone_total'])
  expect(unknownIn('inlet_kafka_up{source="a"}')).toEqual(['source'])
  expect(unknownIn('sum by (step) (inlet_kafka_up)')).toEqual(['step'])
  expect(unknownIn('inlet_ack_seconds')).toEqual(['inlet_ack_seconds'])
  expect(unknownIn('sum by (le) (inlet_ack_seconds_bucket{le="1"})')).toEqual([])
})

test('every alert rule is about metrics that there are', () => {
  expect(rules.length).toBeGreaterThan(0)
  for (const { alert, expr } of rules) expect([alert, ...unknownIn(expr)]).toEqual([alert])
})

test('every panel of the board is, too, and names labels of them', () => {
  expect(targets.length).toBeGreaterThan(0)
  for (const { expr, legendFormat } of targets) {
    expect([expr, ...unknownIn(expr)]).toEqual([expr])
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
      expect(labelsOf(expr)).toContain(label)
    }
  }
})

test('the board shows most of what is measured, and a rule passes on our own alarms', () => {
  const shown = targets.map(({ expr }) => expr).join('\n')
  const missing = METRICS.filter(({ name }) => !shown.includes(name)).map(({ name }) => name)
  expect(missing.length).toBeLessThan(METRICS.length / 3)
  const covered = rules.map(({ expr }) => expr).join('\n')
  expect(covered).toContain('inlet_alarm')
})
