/** Runs whose filters are asked together. */
export const RUNS_PER_GROUP = 32

/** Words of a filter, 64 KiB: 16 bits for each id of a run of 32,768. */
const FILTER_WORDS = 2 ** 14
const FILTER_BITS = 32 * FILTER_WORDS

/** Bits set for each id. With 16 bits an id, 1 in 1,100 unknown ids looks known to a run. */
const PROBES = 6

const HALF = 2 ** 32

/**
 * A Bloom filter for the ids of one run. Over more ids than it is made for it is less sharp, and
 * never wrong.
 */
export function emptyFilter(): Uint32Array {
  return new Uint32Array(FILTER_WORDS)
}

/** Makes ids known to a filter. */
export function addToFilter(words: Uint32Array, hashes: Float64Array): void {
  for (const hash of hashes) {
    const step = stepOf(hash)
    let at = hash | 0
    for (let probe = 0; probe < PROBES; probe += 1) {
      const word = (at & (FILTER_BITS - 1)) >>> 5
      words[word] = (words[word] ?? 0) | (1 << (at & 31))
      at = (at + step) | 0
    }
  }
}

/**
 * The filters of 32 runs, turned: a word for each bit of a filter says which of the runs have it
 * set. So an id that none of them knows costs a read of memory or four for all of them.
 */
export class FilterGroup {
  readonly #words = new Uint32Array(FILTER_BITS)
  /** Which runs are in it, a bit each. */
  #runs = 0

  /** Adds a run that was not in it before. */
  add(run: number, filter: Uint32Array): void {
    const words = this.#words
    const lane = 1 << (run % RUNS_PER_GROUP)
    for (let word = 0; word < FILTER_WORDS; word += 1) {
      const first = 32 * word
      for (let left = filter[word] ?? 0; left !== 0; left &= left - 1) {
        const at = first + 31 - Math.clz32(left & -left)
        words[at] = (words[at] ?? 0) | lane
      }
    }
    this.#runs |= lane
  }

  /** Takes a run out; whether any is left. */
  remove(run: number): boolean {
    this.#runs &= ~(1 << (run % RUNS_PER_GROUP))
    return this.#runs !== 0
  }

  /** The runs that may know an id, a bit each; a run that is not among them does not. */
  maybe(hash: number): number {
    const step = stepOf(hash)
    let runs = this.#runs
    let at = hash | 0
    for (let probe = 0; probe < PROBES && runs !== 0; probe += 1) {
      runs &= this.#words[at & (FILTER_BITS - 1)] ?? 0
      at = (at + step) | 0
    }
    return runs
  }
}

/** The upper half of the hash, made odd: probes never stay where they are. */
function stepOf(hash: number): number {
  return (hash / HALF) | 1
}
