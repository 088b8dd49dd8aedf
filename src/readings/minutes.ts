import type { EpochMs } from '../clock.ts'

/** What is kept of the past for charts, in minutes. */
export const MINUTES = 60

const MINUTE_MS = 60_000

/**
 * Columns of numbers for each of the last 60 minutes, in one fixed array. A minute's row is cleared
 * when the minute begins, so nothing has to run while nothing happens.
 */
export class Minutes {
  readonly #columns: number
  readonly #cells: Float64Array
  /** Which minute each row holds. */
  readonly #minutes = new Float64Array(MINUTES)

  constructor(columns: number) {
    this.#columns = columns
    this.#cells = new Float64Array(MINUTES * columns)
  }

  add(at: EpochMs, column: number, amount: number): void {
    const minute = Math.floor(at / MINUTE_MS)
    const row = minute % MINUTES
    const start = row * this.#columns
    if (this.#minutes[row] !== minute) {
      this.#minutes[row] = minute
      this.#cells.fill(0, start, start + this.#columns)
    }
    this.#cells[start + column] = (this.#cells[start + column] ?? 0) + amount
  }

  /** The row of the minute that began `age` minutes before the one of `now`; zeros: nothing. */
  row(now: EpochMs, age: number): Float64Array {
    const minute = Math.floor(now / MINUTE_MS) - age
    const row = minute % MINUTES
    if (this.#minutes[row] !== minute) return new Float64Array(this.#columns)
    return this.#cells.slice(row * this.#columns, (row + 1) * this.#columns)
  }

  /** The sums of all minutes that are kept. */
  total(now: EpochMs): Float64Array {
    const sums = new Float64Array(this.#columns)
    for (let age = 0; age < MINUTES; age += 1) {
      for (const [column, value] of this.row(now, age).entries()) {
        sums[column] = (sums[column] ?? 0) + value
      }
    }
    return sums
  }
}

/** When the minute began that lies `age` minutes before the one of `now`. */
export function minuteStart(now: EpochMs, age: number): EpochMs {
  return (Math.floor(now / MINUTE_MS) - age) * MINUTE_MS
}
