import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readResults, type Results } from './results.ts'
import { isAsGood, measuredOf, TARGETS, type Target } from './targets.ts'

const PATH = join(import.meta.dir, 'floors.json')
/** What a figure may be worse than when the floors were set: runs differ by half of it. */
const SLACK = 0.25

const Floors = z.record(z.string(), z.number())

/** Compares the last results with the floors. Returns a line for each figure that is worse. */
export function checkFloors(): readonly string[] {
  return belowFloors(readResults(), Floors.parse(JSON.parse(readFileSync(PATH, 'utf8'))))
}

/** The figures of `results` that are worse than their floors. */
export function belowFloors(results: Results, floors: z.infer<typeof Floors>): readonly string[] {
  return TARGETS.flatMap((target) => {
    const floor = floors[target.id]
    const value = measuredOf(target, results)
    if (floor === undefined || value === undefined || isAsGood(target, value, floor)) return []
    return `${target.id}: ${toDigits(value)}, and the floor is ${toDigits(floor)} (${target.what})`
  })
}

/** Sets the floors by the last results. */
export function writeFloors(): void {
  const results = readResults()
  const floors = TARGETS.flatMap((target) => {
    const value = measuredOf(target, results)
    return value === undefined ? [] : [[target.id, toDigits(floorOf(target, value))] as const]
  })
  writeFileSync(PATH, `${JSON.stringify(Object.fromEntries(floors), null, 2)}\n`)
}

/** No stricter than what is sound, where less is better and there is hardly anything. */
function floorOf(target: Target, value: number): number {
  if (target.better === 'more') return value / (1 + SLACK)
  return Math.max(value * (1 + SLACK), target.target)
}

function toDigits(value: number): number {
  return Number(value.toPrecision(3))
}
