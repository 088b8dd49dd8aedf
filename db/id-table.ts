import { assert } from '../src/assert.ts'
import { countIn, PREFIX_BITS, prefixIn, prefixOf, type Slice } from './id-slices.ts'

/** Of the slots of a table: 2 MiB, and 8 MiB. Each is twice the one before, up to that. */
const SLOT_BITS_MIN = 20
const SLOT_BITS_MAX = 22

/**
 * How full a table gets: 2.7 bytes an id. An unknown id is compared with 8 slots then, and of a
 * fuller one with many more.
 */
const FULL = 3 / 4

/** Nearly always: it costs no array. */
const NONE: readonly number[] = []

/**
 * Tells which runs may know an id: hash tables with slots of 16 bits, each of the runs that follow
 * those of the one before. With more in a table fewer are asked, and each is a wait for memory; how
 * many unknown ids look known is the same, 1 in 240 for every 24 runs.
 */
export class IdTables {
  readonly #tables: IdTable[] = []

  /** Adds the ids of a run, the newest. */
  add(run: number, slices: readonly Slice[]): void {
    if (this.#tables.at(-1)?.add(run, slices) === true) return
    const slotBits = Math.min(SLOT_BITS_MIN + this.#tables.length, SLOT_BITS_MAX)
    const table = new IdTable(run, slotBits)
    assert(table.add(run, slices), 'a table has room for a run')
    this.#tables.push(table)
  }

  /** The runs that may know an id; a run that is not there does not. */
  runsOf(hash: number): readonly number[] {
    // All tables wait for memory at once: one after the other, that is most of what an id costs.
    let first = 0
    for (const table of this.#tables) first |= table.firstSlotOf(hash)
    if (first === 0) return NONE
    let runs: number[] | undefined
    for (const table of this.#tables) {
      const some = table.runsOf(hash)
      if (some.length > 0) (runs ??= []).push(...some)
    }
    return runs ?? NONE
  }

  /** Forgets what is only of runs before this one. */
  keepFrom(run: number): void {
    while ((this.#tables[1]?.firstRun ?? Infinity) <= run) this.#tables.shift()
  }
}

class IdTable {
  readonly firstRun: number
  readonly #slots: Uint16Array
  /** Of the hash, in the lower bits of a slot; the others say which run, 0 where it is empty. */
  readonly #printBits: number
  #ids = 0

  constructor(firstRun: number, slotBits: number) {
    this.firstRun = firstRun
    this.#slots = new Uint16Array(2 ** slotBits)
    this.#printBits = PREFIX_BITS - slotBits
  }

  /** Adds the ids of a run; false where there is no room: a full table is searched for ever. */
  add(run: number, slices: readonly Slice[]): boolean {
    const ids = slices.reduce((sum, words) => sum + countIn(words), 0)
    const runsMax = 2 ** (16 - this.#printBits) - 1
    const idsMax = FULL * this.#slots.length
    if (run - this.firstRun >= runsMax || this.#ids + ids > idsMax) return false
    this.#ids += ids
    for (const [slice, words] of slices.entries()) this.#addSlice(run, slice, words)
    return true
  }

  #addSlice(run: number, slice: number, words: Slice): void {
    const slots = this.#slots
    const printBits = this.#printBits
    // A power by `**` is no integer to the engine: each of these loops took four times as long.
    const printMask = (1 << printBits) - 1
    const owner = (run - this.firstRun + 1) << printBits
    const slotMask = slots.length - 1
    const count = countIn(words)
    for (let index = 0; index < count; index += 1) {
      const prefix = prefixIn(slice, words[index] ?? 0)
      let at = prefix >>> printBits
      while (slots[at] !== 0) at = (at + 1) & slotMask
      slots[at] = owner | (prefix & printMask)
    }
  }

  /** What is in the first slot to look at: 0 where no run here knows this id. */
  firstSlotOf(hash: number): number {
    return this.#slots[prefixOf(hash) >>> this.#printBits] ?? 0
  }

  runsOf(hash: number): readonly number[] {
    const slots = this.#slots
    const printBits = this.#printBits
    const printMask = (1 << printBits) - 1
    const prefix = prefixOf(hash)
    const print = prefix & printMask
    let runs: number[] | undefined
    for (let at = prefix >>> printBits; ; at = (at + 1) & (slots.length - 1)) {
      const slot = slots[at] ?? 0
      if (slot === 0) return runs ?? NONE
      if ((slot & printMask) !== print) continue
      const run = this.firstRun - 1 + (slot >>> printBits)
      runs ??= []
      if (!runs.includes(run)) runs.push(run)
    }
  }
}
