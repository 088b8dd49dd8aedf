/**
 * The simulation of test/simulation, for longer than `bun test` has time: intake, group commit, the
 * hint and the relay under seeded schedules of crashes, power cuts and lost answers. Seeds that it
 * finds belong into the list of simulation.test.ts.
 */
import { runSeed } from '../simulation/run.ts'
import type { Row, TortureOptions } from './torture.ts'

const SHORT_SCHEDULES = 4_000
const FULL_SCHEDULES = 500_000
const CONTROL_SCHEDULES = 300

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
  const held = broken === 0
  return Promise.resolve({
    cases,
    ...row,
    held,
    controlCaught: isCaught(seed),
    figures: { faults },
  })
}

/** An acknowledgement before the sync must be seen to lose events. */
function isCaught(seed: number): boolean {
  return Array.from({ length: CONTROL_SCHEDULES }, (_, at) => seed + at).some((each) =>
    runSeed(each, {
      disk: (ports) => ({
        ...ports,
        sync: {
          close() {},
          run(done) {
            done(null)
            ports.sync.run(() => undefined)
          },
        },
      }),
    }).broken.some((line) => line.endsWith('is lost')),
  )
}
