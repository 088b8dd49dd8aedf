/**
 * What came of the suites at their last run on all runtimes, kept with the code and the versions
 * that they were run on. docs/runtimes.md is made of it.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE = join(import.meta.dir, 'results.json')

export const SUITES = ['HTTP contract', 'storage', 'idempotency', 'publisher'] as const
export type Suite = (typeof SUITES)[number]
/** What each suite is held against; undefined where that is all there is on a runtime. */
export const ADAPTERS: Readonly<Record<Suite, readonly (string | undefined)[]>> = {
  'HTTP contract': [undefined],
  storage: [undefined],
  idempotency: ['Redis over TCP', 'Upstash over HTTP'],
  publisher: ['kafkajs', 'kafkajs in one invocation', 'the REST proxy'],
}
export const RUNTIMES = ['Bun', 'binary', 'workerd', 'Deno'] as const
export type Runtime = (typeof RUNTIMES)[number]

export interface CaseResult {
  readonly name: string
  /** Why it was not run; absent where it passed. */
  readonly skipped?: string
}

export interface SuiteResult {
  readonly suite: Suite
  readonly runtime: Runtime
  readonly adapter?: string | undefined
  /** In their order; one that failed is missing. */
  readonly cases: readonly CaseResult[]
}

export interface Results {
  /** The day, in UTC. */
  readonly date: string
  readonly commit: string
  readonly versions: Readonly<Record<string, string>>
  readonly results: readonly SuiteResult[]
}

export function titleOf({ suite, runtime, adapter }: Omit<SuiteResult, 'cases'>): string {
  return `${suite}${adapter === undefined ? '' : `, ${adapter},`} on ${runtime}`
}

/** Adds a line to a file of a run. */
export function addResult(file: string, result: SuiteResult): void {
  appendFileSync(file, `${JSON.stringify(result)}\n`)
}

/** The lines of a run, as they came. */
export function readRun(file: string): readonly SuiteResult[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as SuiteResult)
}

/** The results that are kept: a part of the repository. */
export function readResults(): Results {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Results
}

export function writeResults({ results, ...run }: Results): void {
  const sorted = results.toSorted(
    (a, b) => place(a) - place(b) || ((a.adapter ?? '') < (b.adapter ?? '') ? -1 : 1),
  )
  writeFileSync(FILE, `${JSON.stringify({ ...run, results: sorted }, null, 2)}\n`)
}

function place({ suite, runtime }: SuiteResult): number {
  return SUITES.indexOf(suite) * RUNTIMES.length + RUNTIMES.indexOf(runtime)
}
