/** What was measured last, a file a run: docs/benchmarks.md is made of them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Spread } from './statistics.ts'

const DIRECTORY = join(import.meta.dir, 'results')

const Result = z.object({
  /** As it is called in runs.ts. */
  run: z.string(),
  command: z.string(),
  /** The day, in UTC. */
  date: z.string(),
  /** The commit that was measured. */
  commit: z.string(),
  seconds: z.number(),
  ratio: z.number(),
  figures: z.record(z.string(), z.unknown()),
})
export type Result = z.infer<typeof Result>
export type Results = ReadonlyMap<string, Result>

const SpreadShape = z.object({ median: z.number(), min: z.number(), max: z.number() })

/** Writes a result down, in place of an earlier one. */
export function writeResult(result: Result): void {
  mkdirSync(DIRECTORY, { recursive: true })
  const path = join(DIRECTORY, `${result.run}.json`)
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`)
}

/** All of them, by run. */
export function readResults(): Results {
  if (!existsSync(DIRECTORY)) return new Map()
  const files = readdirSync(DIRECTORY).filter((file) => file.endsWith('.json'))
  const results = files.map((file) =>
    Result.parse(JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8'))),
  )
  return new Map(results.map((result) => [result.run, result]))
}

/** A figure by its path, e.g. `outcomes.0.ratio.median`; undefined where it was not measured. */
export function figureOf(results: Results, run: string, path: string): number | undefined {
  const value = valueAt(results, run, path)
  return typeof value === 'number' ? value : undefined
}

/** Median, least and greatest of a figure. */
export function spreadAt(results: Results, run: string, path: string): Spread | undefined {
  return SpreadShape.safeParse(valueAt(results, run, path)).data
}

function valueAt(results: Results, run: string, path: string): unknown {
  let value: unknown = results.get(run)?.figures
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Object.entries(value).find(([key]) => key === name)?.[1]
  }
  return value
}
