/**
 * Power cuts: a gateway's disk is recorded under load, and rebuilt as a power cut at any moment may
 * leave it. Whatever was acknowledged by then must be there. The controls acknowledge before the
 * sync, and call a sync done that was not: both must lose.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkState, type Finding } from './disk-check.ts'
import type { DiskRecord } from './disk-log.ts'
import { CUTS, DiskModel } from './disk-model.ts'
import { ACKED, AGED, record, type Recording, type RecordingOptions } from './recording.ts'
import { seeded } from './seeded.ts'
import { buildShim } from './shim.ts'
import type { Row, TortureOptions } from './torture.ts'

const EARLY_ACK = [process.execPath, join(import.meta.dir, 'control/early-ack.ts')]

/** Memory where there is any: a state is written, opened and thrown away. */
const TEMPORARY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

const SHORT_STATES = 300
/** Eight parts of these are more than the 5,000 that are promised. */
const FULL_STATES = 650
const STATES_PER_RECORDING = 350
/** A control loses in about every second state; the first is enough. */
const CONTROL_STATES = 60

/** The bodies of a commit are packed, but where it has a single one. */
const SMALL = { keys: 4, padBytes: 500, loadMs: 1_000 }
/** Bodies so large that the WAL passes the 32 MiB at which it starts over under load. */
const LARGE = { keys: 3, padBytes: 250_000, loadMs: 2_500, lives: ['kill', 'stop'] } as const
/** One state of these costs about ten of the others. */
const LARGE_STATES = 20

/** What a control is given: a shorter life, which ends in the middle of the load. */
const CONTROL = { ...SMALL, loadMs: 700, lives: ['kill', 'stop'] } as const

type Load = Omit<RecordingOptions, 'shim' | 'directory' | 'random'>

/** What was found in all states together. */
interface Tally {
  states: number
  acked: number
  lost: number
  broken: string[]
}

export async function powerCut({ command, cycles, form, seed }: TortureOptions): Promise<Row> {
  const directory = mkdtempSync(join(TEMPORARY, 'inlet-torture-'))
  try {
    const run = openCutter(directory, seeded(seed))
    const states = cycles ?? (form === 'full' ? FULL_STATES : SHORT_STATES)
    for (let left = states; left > 0; left -= STATES_PER_RECORDING) {
      await run.cut({ command, ...SMALL }, Math.min(left, STATES_PER_RECORDING))
    }
    if (form === 'full') await run.cut({ command, ...LARGE }, LARGE_STATES)
    const { acked, lost, broken, states: cases } = run.tally
    for (const problem of new Set(broken)) console.error(problem)
    const early = await run.loses({ command: EARLY_ACK, ...CONTROL })
    const lying = await run.loses({ command, ...CONTROL, lies: true })
    return {
      cases,
      acked,
      lost,
      duplicates: 0,
      inversions: 0,
      held: acked > 0 && lost === 0 && broken.length === 0,
      controlCaught: early && lying,
      figures: { 'damaged files': broken.length },
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function openCutter(directory: string, random: () => number) {
  const shim = buildShim(directory)
  const tally: Tally = { states: 0, acked: 0, lost: 0, broken: [] }
  let recordings = 0

  async function recordNext(load: Load): Promise<Recording> {
    recordings += 1
    const watched = join(directory, `gateway-${recordings}`)
    await mkdir(watched)
    try {
      return await record({ ...load, shim, random, directory: watched })
    } finally {
      rmSync(watched, { recursive: true, force: true })
      rmSync(`${watched}.log`, { force: true })
    }
  }
  const check = (recording: Recording, states: number) =>
    checkCuts(recording, { states, random, directory: join(directory, 'state') })

  return {
    tally,
    async cut(load: Load, states: number): Promise<void> {
      const recording = await recordNext(load)
      tally.acked += recording.bodies.size
      for await (const { lost, broken } of check(recording, states)) {
        tally.states += 1
        tally.lost += lost
        tally.broken.push(...broken)
      }
    },
    /** Whether an acknowledged event is missing in any state. */
    async loses(load: Load): Promise<boolean> {
      for await (const { lost } of check(await recordNext(load), CONTROL_STATES)) {
        if (lost > 0) return true
      }
      return false
    },
  }
}

interface Cutting {
  readonly states: number
  readonly random: () => number
  readonly directory: string
}

/**
 * Half of them anywhere, which is mostly between two commits. The other half shortly after one of
 * the rarer things, each as often as the others: names that come and go, the rollback journal of a
 * first start, writes to the database, a WAL that starts over or is cut, a sync that fails.
 */
function chooseMoments(
  records: readonly DiskRecord[],
  count: number,
  random: () => number,
): readonly number[] {
  const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)]
  const rare = [...Map.groupBy(records.keys(), (index) => rarityOf(records[index]))]
    .filter(([rarity]) => rarity !== undefined)
    .map(([, indexes]) => indexes)
  const moments = Array.from({ length: count }, () => {
    const anywhere = Math.floor(random() * records.length)
    if (random() < 0.5) return anywhere
    const after = pick(pick(rare) ?? []) ?? anywhere
    return Math.min(records.length - 1, after + Math.floor(random() * AFTERMATH))
  })
  return moments.toSorted((a, b) => a - b)
}

/** A cut hits something rare, or one of so many records after it. */
const AFTERMATH = 20

/** What is rare about a record; undefined: nothing. */
function rarityOf(entry: DiskRecord | undefined): string | undefined {
  if (entry?.kind === 'create' || entry?.kind === 'unlink') return 'name'
  if (entry?.kind === 'truncate' || entry?.kind === 'sync failed') return entry.kind
  if (entry?.kind !== 'write') return undefined
  if (!entry.path.endsWith('-wal')) return entry.path
  return entry.at === 0 ? 'a WAL from its start' : undefined
}

/** Goes through a recording once, cuts the power at random moments, and looks at what is left. */
async function* checkCuts(recording: Recording, cutting: Cutting): AsyncGenerator<Finding> {
  const { records, bodies } = recording
  const { states, random, directory } = cutting
  const disk = new DiskModel()
  const acked = new Map<string, string>()
  let mayBeGone: ReadonlySet<string> = new Set()
  let next = 0
  for (const moment of chooseMoments(records, states, random)) {
    for (; next <= moment; next += 1) {
      const entry = records[next]
      if (entry === undefined) break
      disk.apply(entry)
      if (entry.kind !== 'sign') continue
      if (entry.text === AGED) mayBeGone = new Set(acked.keys())
      const id = entry.text.slice(ACKED.length)
      const body = bodies.get(id)
      if (entry.text.startsWith(ACKED) && body !== undefined) acked.set(id, body)
    }
    const cut = CUTS[Math.floor(random() * CUTS.length)] ?? 'drop'
    const finding = await checkState(disk.cut(cut, random), { acked, mayBeGone }, directory)
    // The state can be made again: the seed, and where in which recording it was.
    const broken = finding.broken.map((problem) => `${cut} at ${moment}: ${problem}`)
    if (finding.lost > 0) broken.push(`${cut} at ${moment}: ${finding.lost} lost`)
    yield { lost: finding.lost, broken }
  }
}
