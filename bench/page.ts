/** docs/benchmarks.md and its plots, of bench/page.md and of what was measured last. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { barChart, type Bar } from './plots.ts'
import { figureOf, spreadAt, type Result, type Results } from './results.ts'
import { RUNS } from './runs.ts'
import { describeSpread } from './statistics.ts'
import { judge, measuredOf, TARGETS, type Target } from './targets.ts'

const PEERS = ['hono-drizzle', 'fastify'] as const
const NONE = '–'

/** Every file that is made of the results, by its path. */
export function benchmarkPages(results: Results): Readonly<Record<string, () => string>> {
  return {
    'docs/benchmarks.md': () => page(results),
    ...Object.fromEntries(plotsOf(results).map(({ path, svg }) => [path, () => svg])),
  }
}

/** Each `{{name}}` of bench/page.md is one of these, or the table of a run. */
function page(results: Results): string {
  const parts: Readonly<Record<string, string>> = {
    limits: readText('limits.md'),
    targets: targetsTable(results),
    runs: runsTable(results),
    ingest: ingestTable(results),
    peers: peersTable(results),
    inTurn: inTurnTable(results),
    e2e: e2eTable(results),
    ...plotLinks(results),
    ...Object.fromEntries(
      ['latency', 'overload', 'relay', 'backlog', 'consume', 'footprint', 'verify'].map((run) => [
        run,
        figuresTable(results.get(run)),
      ]),
    ),
  }
  return readText('page.md').replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => parts[name] ?? '')
}

function readText(name: string): string {
  return readFileSync(join(import.meta.dir, name), 'utf8').trimEnd()
}

function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function targetsTable(results: Results): string {
  const rows = TARGETS.map((target) => {
    const value = measuredOf(target, results)
    const verdict = judge(target, value)
    return [
      target.what,
      `${target.better === 'more' ? '≥' : '≤'} ${showOf(target, target.target)}`,
      showOf(target, target.solid),
      value === undefined ? NONE : showOf(target, value),
      verdict === 'below' ? '**below**' : verdict,
    ]
  })
  return toTable(['figure', 'target', 'solid', 'measured', 'reaches'], rows)
}

function showOf({ unit }: Target, value: number): string {
  const number = show(value)
  if (unit === undefined) return number
  return unit === '×' ? `${number} ×` : `${number} ${unit}`
}

/** Three digits that count. */
function show(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

function runsTable(results: Results): string {
  const rows = Object.keys(RUNS).flatMap((run) => {
    const result = results.get(run)
    if (result === undefined) return []
    const { command, date, commit, seconds } = result
    return [[run, `\`${command}\``, date, `\`${commit}\``, `${seconds} s`, machineOf(result)]]
  })
  return toTable(['run', 'command', 'on', 'commit', 'took', 'machine'], rows)
}

function machineOf({ figures }: Result): string {
  const { machine } = figures
  return typeof machine === 'string' ? machine : NONE
}

function ingestTable(results: Results): string {
  const runs = [
    'ingest',
    'ingest-alone',
    'ingest-8k',
    'ingest-28k',
    'ingest-connections',
    'ingest-peers',
  ]
  const rows = runs.flatMap((run) =>
    outcomesOf(results, run).map((at) => {
      const say = (name: string) => show(figureOf(results, run, `${at}.${name}`) ?? Number.NaN)
      const spread = (name: string, digits: number) =>
        spreadText(results, run, `${at}.${name}`, digits)
      return [
        `\`${results.get(run)?.command.replace('bun run bench ', '')}\``,
        say('connections'),
        spread('ratio', 3),
        spread('eventsPerSecond', 0),
        `${say('p50Ms')}, ${say('p99Ms')}`,
        `${say('cpuUsPerEvent')} µs, ${say('bareCpuUsPerRequest')} µs`,
      ]
    }),
  )
  const head = ['command', 'C', 'of the bare server', 'events/s', 'p50, p99 ms', 'CPU each, bare']
  return toTable(head, rows)
}

/** Paths of the outcomes of a run: one for each number of connections, or each load. */
function outcomesOf(results: Results, run: string): readonly string[] {
  const outcomes = results.get(run)?.figures['outcomes']
  return Array.isArray(outcomes) ? outcomes.map((_, n) => `outcomes.${n}`) : []
}

function spreadText(results: Results, run: string, path: string, digits: number): string {
  const spread = spreadAt(results, run, path)
  return spread === undefined ? NONE : describeSpread(spread, digits)
}

function peersTable(results: Results): string {
  const rows = PEERS.map((name, n) => {
    const at = `outcomes.0.peers.${n}`
    const say = (figure: string) =>
      show(figureOf(results, 'ingest-peers', `${at}.${figure}`) ?? Number.NaN)
    return [
      name,
      spreadText(results, 'ingest-peers', `${at}.oursToPeer`, 2),
      spreadText(results, 'ingest-peers', `${at}.eventsPerSecond`, 0),
      `${say('p50Ms')}, ${say('p99Ms')}`,
      `${say('cpuUsPerEvent')} µs`,
    ]
  })
  const head = ['peer', 'Inlet to it', 'its events/s', 'its p50, p99 ms', 'its CPU each']
  return toTable(head, results.has('ingest-peers') ? rows : [])
}

function inTurnTable(results: Results): string {
  const rows = ['slow-disk-1', 'slow-disk', 'stored'].flatMap((run) => {
    const result = results.get(run)
    if (result === undefined) return []
    const rates = ['plain', 'other'].map((name) =>
      spreadText(results, run, `${name}.eventsPerSecond`, 0),
    )
    return [
      [
        `\`${result.command.replace('bun run bench ', '')}\``,
        spreadText(results, run, 'ratio', 3),
        spreadText(results, run, 'p99Ratio', 2),
        ...rates,
      ],
    ]
  })
  return toTable(['command', 'events/s, ratio', 'p99, ratio', 'without', 'with'], rows)
}

function e2eTable(results: Results): string {
  const rows = outcomesOf(results, 'e2e').map((at) => {
    const load = figureOf(results, 'e2e', `${at}.load`) ?? Number.NaN
    const ms = (who: string) =>
      ['visibleP50Ms', 'visibleP99Ms', 'ackP99Ms']
        .map((name) => show(figureOf(results, 'e2e', `${at}.${who}.${name}.median`) ?? Number.NaN))
        .join(', ')
    return [
      `${Math.round(100 * load)} %`,
      spreadText(results, 'e2e', `${at}.p50Ratio`, 2),
      spreadText(results, 'e2e', `${at}.p99Ratio`, 2),
      ms('inlet'),
      ms('bare'),
    ]
  })
  const head = ['load', 'p50, ratio', 'p99, ratio', 'Inlet: p50, p99, p99 of the 202', 'bare']
  return toTable(head, rows)
}

/** Every number of a run that stands at the top of its figures, under its own name. */
function figuresTable(result: Result | undefined): string {
  const rows = Object.keys(result?.figures ?? {}).flatMap((name) => {
    const results: Results = new Map(result === undefined ? [] : [[result.run, result]])
    const run = result?.run ?? ''
    const spread = spreadAt(results, run, name)
    const value = figureOf(results, run, name)
    if (spread !== undefined) return [[name, showSpread(spread)]]
    return value === undefined ? [] : [[name, show(value)]]
  })
  return toTable(['figure', 'median (least to greatest)'], rows)
}

function showSpread({ median, min, max }: { median: number; min: number; max: number }): string {
  return `${show(median)} (${show(min)} to ${show(max)})`
}

interface Plot {
  readonly name: string
  readonly path: string
  readonly title: string
  readonly svg: string
}

/** Plots of which everything was measured. */
function plotsOf(results: Results): readonly Plot[] {
  const plots = [
    plot('ingest', 'Events a second, 256 connections, 2.3 kB', ingestBars(results)),
    plot('visible', '202 → visible to a consumer, p50 and p99 in ms', visibleBars(results)),
  ]
  return plots.filter((each) => each !== undefined)
}

function plot(name: string, title: string, bars: readonly Bar[]): Plot | undefined {
  if (bars.length === 0) return undefined
  return { name, title, path: `docs/images/bench-${name}.svg`, svg: barChart(title, bars) }
}

function plotLinks(results: Results): Readonly<Record<string, string>> {
  const links: Record<string, string> = {}
  for (const { name, title, path } of plotsOf(results)) {
    links[`${name}Plot`] = `![${title}](${path.replace('docs/', '')})\n`
  }
  return links
}

function ingestBars(results: Results): readonly Bar[] {
  const bars: readonly (readonly [label: string, path: string])[] = [
    ['bare Bun.serve, keeps nothing', 'outcomes.0.barePerSecond.median'],
    ['Inlet, on disk', 'outcomes.0.eventsPerSecond.median'],
    ['Fastify + better-sqlite3, on disk', 'outcomes.0.peers.1.eventsPerSecond.median'],
    ['Hono + Drizzle, on disk', 'outcomes.0.peers.0.eventsPerSecond.median'],
  ]
  return bars.flatMap(([label, path]) => {
    const value = figureOf(results, 'ingest-peers', path)
    return value === undefined ? [] : [{ label, value, isOurs: label.startsWith('Inlet') }]
  })
}

function visibleBars(results: Results): readonly Bar[] {
  return outcomesOf(results, 'e2e').flatMap((at) =>
    (['inlet', 'bare'] as const).flatMap((who) =>
      (['P50', 'P99'] as const).flatMap((share) => {
        const load = Math.round(100 * (figureOf(results, 'e2e', `${at}.load`) ?? 0))
        const value = figureOf(results, 'e2e', `${at}.${who}.visible${share}Ms.median`)
        if (value === undefined) return []
        const isOurs = who === 'inlet'
        const name = isOurs ? 'Inlet' : 'bare kafkajs'
        const label = `${load} % load, ${name}, ${share.toLowerCase()}`
        return [{ label, value, note: `${show(value)} ms`, isOurs }]
      }),
    ),
  )
}
