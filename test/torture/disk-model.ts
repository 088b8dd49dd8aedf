import type { DiskRecord } from './disk-log.ts'

/** What a power cut may do to everything that was not synced. */
export const CUTS = ['drop', 'keep', 'prefix', 'subset', 'torn', 'reordered'] as const
export type Cut = (typeof CUTS)[number]

/** A disk writes sectors of this size whole or not at all. */
const SECTOR_BYTES = 512

/** The files of a disk by their path. */
export type DiskState = ReadonlyMap<string, Uint8Array>

type Change =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly length: number }

/** A change that a sync has not yet made durable; `order` counts over all files and names. */
interface Pending<T> {
  readonly order: number
  readonly change: T
}

interface File {
  /** What a power cut cannot take away. */
  durable: Image
  pending: Pending<Change>[]
}

/** A name that comes to stand for a file, or for none. */
interface NameChange {
  readonly path: string
  readonly file: File | undefined
}

/**
 * A disk that keeps only what was synced: of a file with fsync or fdatasync of it, of a name with
 * fsync of its directory. Harsher than any file system is: names and data may come back in any
 * combination, and what a failed sync should have written is gone, as the kernel calls those pages
 * clean.
 */
export class DiskModel {
  readonly #names = new Map<string, File>()
  readonly #durableNames = new Map<string, File>()
  #pendingNames: Pending<NameChange>[] = []
  #order = 0
  /** Where a sync began that has not ended: it covers what was there then. */
  readonly #syncs = new Map<bigint, number>()

  constructor(state: DiskState = new Map()) {
    for (const [path, bytes] of state) {
      const file = { durable: Image.of(bytes), pending: [] }
      this.#names.set(path, file)
      this.#durableNames.set(path, file)
    }
  }

  /** How many changes a cut at this moment could lose. */
  get unsynced(): number {
    let count = this.#pendingNames.length
    for (const file of new Set([...this.#names.values(), ...this.#durableNames.values()])) {
      count += file.pending.length
    }
    return count
  }

  apply(record: DiskRecord): void {
    this.#order += 1
    switch (record.kind) {
      case 'write':
      case 'truncate':
        this.#file(record.path).pending.push({ order: this.#order, change: record })
        break
      case 'create':
        this.#file(record.path)
        break
      case 'unlink':
        this.#names.delete(record.path)
        this.#rename(record.path, undefined)
        break
      case 'sync began':
        this.#syncs.set(record.id, this.#order)
        break
      case 'synced':
      case 'sync failed':
        this.#endSync(record.path, record.id, record.kind === 'synced')
        break
      case 'sign':
        break
    }
  }

  /** What is on the disk after a power cut at this moment. */
  cut(cut: Cut, random: () => number): DiskState {
    // One fate for the moment: how much gets through, and up to where.
    const share = random()
    const last = this.#order - Math.floor(random() * random() * this.unsynced)
    const survives = (order: number): boolean => {
      if (cut === 'drop') return false
      if (cut === 'keep') return true
      if (cut === 'prefix') return order <= last
      return random() < share
    }
    const names = new Map(this.#durableNames)
    for (const { order, change } of this.#pendingNames) {
      if (!survives(order)) continue
      if (change.file === undefined) names.delete(change.path)
      else names.set(change.path, change.file)
    }
    const files = [...names].map(([path, { durable, pending }]): [string, Uint8Array] => {
      const image = durable.copy()
      const order = cut === 'reordered' ? shuffled(pending, random) : pending
      for (const { order: at, change } of order) {
        if (cut === 'torn' && change.kind === 'write') tear(image, change, share, random)
        else if (survives(at)) image.apply(change)
      }
      return [path, image.bytes()]
    })
    return new Map(files)
  }

  /** What the files hold for those that read them, synced or not. */
  current(): DiskState {
    return new Map(
      [...this.#names].map(([path, { durable, pending }]) => {
        const image = durable.copy()
        for (const { change } of pending) image.apply(change)
        return [path, image.bytes()]
      }),
    )
  }

  /** The file of a name. One that was created unseen is created now, which is late, and harsh. */
  #file(path: string): File {
    const known = this.#names.get(path)
    if (known !== undefined) return known
    const file = { durable: new Image(), pending: [] }
    this.#names.set(path, file)
    this.#rename(path, file)
    return file
  }

  #rename(path: string, file: File | undefined): void {
    this.#pendingNames.push({ order: this.#order, change: { path, file } })
  }

  #endSync(path: string, id: bigint, isDurable: boolean): void {
    const began = this.#syncs.get(id) ?? 0
    this.#syncs.delete(id)
    const file = this.#names.get(path)
    if (file === undefined) return this.#endNameSync(path, began, isDurable)
    if (isDurable) {
      for (const { order, change } of file.pending) if (order < began) file.durable.apply(change)
    }
    file.pending = file.pending.filter(({ order }) => order > began)
  }

  #endNameSync(directory: string, began: number, isDurable: boolean): void {
    if (!isDurable) return
    const isCovered = ({ order, change: { path } }: Pending<NameChange>) =>
      order < began && path.slice(0, Math.max(0, path.lastIndexOf('/'))) === directory
    for (const pending of this.#pendingNames.filter(isCovered)) {
      const { path, file } = pending.change
      if (file === undefined) this.#durableNames.delete(path)
      else this.#durableNames.set(path, file)
    }
    this.#pendingNames = this.#pendingNames.filter((pending) => !isCovered(pending))
  }
}

/** The bytes of a file, which grows and shrinks. */
class Image {
  #buffer: Uint8Array
  #length: number

  constructor(buffer = new Uint8Array(0), length = buffer.byteLength) {
    this.#buffer = buffer
    this.#length = length
  }

  static of(bytes: Uint8Array): Image {
    return new Image(bytes.slice())
  }

  copy(): Image {
    return new Image(this.#buffer.slice(0, this.#length))
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  apply(change: Change): void {
    if (change.kind === 'truncate') return this.#resize(change.length)
    const { at, bytes } = change
    this.write(at, bytes)
  }

  write(at: number, bytes: Uint8Array): void {
    this.#resize(Math.max(this.#length, at + bytes.byteLength))
    this.#buffer.set(bytes, at)
  }

  #resize(length: number): void {
    if (length > this.#buffer.byteLength) {
      const grown = new Uint8Array(Math.max(length, this.#buffer.byteLength * 2))
      grown.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = grown
    }
    if (length < this.#length) this.#buffer.fill(0, length, this.#length)
    this.#length = length
  }
}

/** Each sector of a write reaches the disk or does not. */
function tear(
  image: Image,
  { at, bytes }: { readonly at: number; readonly bytes: Uint8Array },
  share: number,
  random: () => number,
): void {
  for (let from = 0; from < bytes.byteLength;) {
    const sectorEnd = SECTOR_BYTES - ((at + from) % SECTOR_BYTES)
    const to = Math.min(bytes.byteLength, from + sectorEnd)
    if (random() < share) image.write(at + from, bytes.subarray(from, to))
    from = to
  }
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}
