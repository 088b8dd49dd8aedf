/** Slots for each id that fits: half of them stay empty, so that a probe ends soon. */
const SLOTS_PER_ID = 2

/** What is found of nearly every id: it costs no array. */
const NONE: readonly number[] = []

/** Ids in the order in which they came: the hash of each, and the inbox seq that it names. */
export interface Ids {
  readonly hashes: Float64Array
  readonly seqs: Float64Array
}

/**
 * The ids of the newest events, in memory: a log, and a hash table over it whose slots hold 1 + the
 * position in the log. 24 bytes an id.
 */
export class RecentIds {
  #hashes: Float64Array
  #seqs: Float64Array
  #slots: Uint32Array
  #length = 0

  /** `idsMax`: a power of two. It grows where that is not enough. */
  constructor(idsMax: number) {
    this.#hashes = new Float64Array(idsMax)
    this.#seqs = new Float64Array(idsMax)
    this.#slots = new Uint32Array(SLOTS_PER_ID * idsMax)
  }

  get length(): number {
    return this.#length
  }

  /**
   * Remembers an id. Seqs only ascend: entries with this seq or a later one are left from a
   * rollback, and are dropped.
   */
  add(hash: number, seq: number): void {
    this.keepUpTo(seq - 1)
    this.#append(hash, seq)
  }

  /** The same of all ids that name one event. */
  addAll(hashes: Iterable<number>, seq: number): void {
    this.keepUpTo(seq - 1)
    for (const hash of hashes) this.#append(hash, seq)
  }

  /** The seqs of this hash: those of one id, and any that collide. */
  find(hash: number): readonly number[] {
    let found: number[] | undefined
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = (this.#slots[slot] ?? 0) - 1
      if (at === -1) return found ?? NONE
      if (this.#hashes[at] === hash) (found ??= []).push(this.#seqs[at] ?? 0)
    }
  }

  /** Forgets the ids of later seqs: those of a transaction that was rolled back. */
  keepUpTo(seq: number): void {
    const { length } = this
    while (this.#length > 0 && (this.#seqs[this.#length - 1] ?? 0) > seq) this.#length -= 1
    if (this.#length < length) this.#reindex()
  }

  /** Where the ids of an event end, at `length` of them or later: they stay together. */
  endAfter(length: number): number {
    let end = length
    while (end < this.#length && this.#seqs[end] === this.#seqs[end - 1]) end += 1
    return end
  }

  /** What is left when the first `from` are elsewhere, with room for `idsMax`. */
  after(from: number, idsMax: number): RecentIds {
    const rest = new RecentIds(idsMax)
    for (let at = from; at < this.#length; at += 1) {
      rest.#append(this.#hashes[at] ?? 0, this.#seqs[at] ?? 0)
    }
    return rest
  }

  slice(from: number, to: number): Ids {
    return { hashes: this.#hashes.subarray(from, to), seqs: this.#seqs.subarray(from, to) }
  }

  #append(hash: number, seq: number): void {
    if (this.#length === this.#hashes.length) this.#grow()
    this.#hashes[this.#length] = hash
    this.#seqs[this.#length] = seq
    this.#length += 1
    this.#index(this.#length)
  }

  #grow(): void {
    const { hashes, seqs } = this.slice(0, this.#length)
    this.#hashes = new Float64Array(2 * this.#length)
    this.#seqs = new Float64Array(2 * this.#length)
    this.#hashes.set(hashes)
    this.#seqs.set(seqs)
    this.#slots = new Uint32Array(SLOTS_PER_ID * this.#hashes.length)
    this.#reindex()
  }

  #reindex(): void {
    this.#slots.fill(0)
    for (let position = 1; position <= this.#length; position += 1) this.#index(position)
  }

  #index(position: number): void {
    const mask = this.#slots.length - 1
    let slot = (this.#hashes[position - 1] ?? 0) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = position
  }
}
