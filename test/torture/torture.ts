import { messageOf } from '../../src/faults/faults.ts'
import type { Audit } from './ledger.ts'

/** What a run of a torture is given. */
export interface TortureOptions {
  /** How the gateway under test is started: the built binary. */
  readonly command: readonly string[]
  /** The brokers of a one-node Kafka, which is started when it is first asked for. */
  readonly brokers: () => Promise<string>
  /** Replays the schedule of faults. */
  readonly seed: number
  /** `--cycles`: how many cases, in the torture's own unit. Default: what the form asks for. */
  readonly cycles: number | undefined
  /** Short: this torture's share of five minutes on two cores. Full: the documented counts. */
  readonly form: 'short' | 'full'
  /** Which part of the full form, from 0; 0 in the short form. */
  readonly part: number
}

/** What came of a run: one line of the table. */
export interface Row extends Audit {
  readonly cases: number
  /** Whether the promise held. */
  readonly held: boolean
  /** Whether the same, with the protection switched off, was seen to fail. */
  readonly controlCaught: boolean
  /** Further counts worth reading, e.g. of refused requests. */
  readonly figures?: Readonly<Record<string, number>>
}

/** A promise, with the run that tries to break it. */
export interface Torture {
  /** What is tried to break, in a few words of the table. */
  readonly promise: string
  /** Into how many parts the full form is cut, each of at most 25 minutes. */
  readonly parts: number
  run(options: TortureOptions): Promise<Row>
}

/** What is known of a run that broke off: nothing, and that is no proof. */
const NOTHING: Row = {
  cases: 0,
  acked: 0,
  lost: 0,
  duplicates: 0,
  inversions: 0,
  held: false,
  controlCaught: false,
}

/** Runs a torture. One that breaks off keeps nobody from the others; it has no cases. */
export async function attempt(torture: Torture, options: TortureOptions): Promise<Row> {
  try {
    return await torture.run(options)
  } catch (error) {
    console.error(`broke off: ${messageOf(error)}`)
    return NOTHING
  }
}
