import { assert } from '../assert.ts'

/** A record that was fetched. It is done once what came of it is part of a commit. */
export interface Pending {
  readonly offset: number
  isDone: boolean
}

/** Entries that may be done and still in the list before it is cut. */
const CUT = 1_024

/**
 * The records of one partition that were fetched, in the order of their offsets, and how far all of
 * them are done. Offsets may have gaps: compaction and transactions leave some.
 */
export class Offsets {
  #entries: Pending[] = []
  #head = 0
  #next: number

  /** `next`: the offset that is fetched first. */
  constructor(next: number) {
    this.#next = next
  }

  /** The offset that is fetched next. */
  get next(): number {
    return this.#next
  }

  add(offset: number): Pending {
    assert(offset >= this.#next, 'offsets of a partition ascend')
    const entry = { offset, isDone: false }
    this.#entries.push(entry)
    this.#next = offset + 1
    return entry
  }

  /** Nothing more is to come below this offset; whether that is news. */
  reach(next: number): boolean {
    if (next <= this.#next) return false
    this.#next = next
    return true
  }

  /** Everything below it is done: the offset of the earliest record that is not. */
  position(): number {
    while (this.#entries[this.#head]?.isDone === true) this.#head += 1
    if (this.#head > CUT && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
    return this.#entries[this.#head]?.offset ?? this.#next
  }

  /** How far fetching is ahead of the position. */
  get ahead(): number {
    return this.#next - this.position()
  }
}
