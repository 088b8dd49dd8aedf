/** What a benchmark reports. */
export interface Report {
  readonly name: string
  /** The headline: ours, measured against a limit or a peer in the same run. */
  readonly ratio: number
  /** False where the run cannot say that: the command then fails. */
  readonly valid: boolean
  readonly figures: Readonly<Record<string, unknown>>
}

/** A benchmark: takes its arguments, prints for people, and returns its figures. */
export interface Benchmark {
  readonly name: string
  readonly help: string
  run(args: readonly string[]): Promise<Report>
}
