/**
 * The simulation of test/simulation, for longer than `bun test` has time: intake, group commit, the
 * hint and the relay under seeded schedules of crashes, power cuts and lost answers. Seeds that it
 * finds belong into the list of simulation.test.ts. The controls take one guard away each: the ack
 * after the sync, SQLite as the truth, the mark after the acknowledgement, one send at a time, and
 * marks that survive. All of them must be missed.
 */
import { CONTROLS, firstBroken } from '../simulation/controls.ts'
import { runSeed } from '../simulation/run.ts'
import type { Row, TortureOptions } from './torture.ts'

const SHORT_SCHEDULES = 4_000
const FULL_SCHEDULES = 500_000

export function simulation({ seed, form, cycles }: TortureOptions): Promise<Row> {
  const cases = cycles ?? (form === 'full' ? FULL_SCHEDULES : SHORT_SCHEDULES)
  const row = { acked: 0, lost: 0, duplicates: 0, inversions: 0 }
  let broken = 0
  let faults = 0
  for (let at = 0; at < cases; at += 1) {
    const run = runSeed(seed + at)
    faults += run.faults
    row.acked += run.acked
    row.duplicates += run.copies - run.published
    for (const line of run.broken) {
      broken += 1
      if (line.endsWith('is lost')) row.lost += 1
      if (line.includes('is on its topic before')) row.inversions += 1
      console.error(`seed ${seed + at}: ${line}`)
    }
  }
  const missed = CONTROLS.filter((control) => firstBroken(control, seed) === undefined)
  for (const { what } of missed) console.error(`no schedule from seed ${seed} on shows ${what}`)
  const held = row.acked > 0 && faults > 0 && broken === 0
  return Promise.resolve({
    cases,
    ...row,
    held,
    controlCaught: missed.length === 0,
    figures: { faults, controls: CONTROLS.length },
  })
}
