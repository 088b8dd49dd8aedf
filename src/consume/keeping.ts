import type { EpochMs } from '../clock.ts'
import type { Consumer, Place } from '../consumer.ts'
import type {
  DueUntil,
  KeyedSpan,
  StateChange,
  StoredState,
  StoredWindow,
  WindowName,
} from '../consumer-state.ts'
import { CONSUMER_STATE_RECOUNT } from '../limits/consumers.ts'
import { GatewayError } from '../faults/faults.ts'
import { placeKey } from './partition.ts'

/** Whose state it is, and how much of it may be. */
type KeepingConsumer = Pick<Consumer, 'owner' | 'stateEntriesMax'>

type WindowChange = Extract<StateChange, { readonly kind: 'window' | 'window-gone' }>

/**
 * What one consumer keeps, as of the last record that was submitted: what is stored, under the
 * changes that wait for their commit. Nothing stored is held in memory but for watermarks.
 */
export class Keeping {
  readonly #owner: string
  readonly #entriesMax: number
  readonly #stored: StoredState
  readonly #values = new Map<string, Extract<StateChange, { kind: 'value' }>>()
  /** By place, then by key, then by span. */
  readonly #windows = new Map<string, Map<string, Map<string, WindowChange>>>()
  readonly #watermarks = new Map<string, EpochMs>()
  /** At a watermark before this one no window is due. */
  readonly #nextDue = new Map<string, EpochMs>()
  /** How many entries there are, submitted ones included; undefined until they are counted. */
  #entries: number | undefined
  /** How many changes were submitted since the entries were counted. */
  #changes = 0
  /** How many changes are submitted and not on disk. */
  #waiting = 0

  constructor({ owner, stateEntriesMax }: KeepingConsumer, stored: StoredState) {
    this.#owner = owner
    this.#entriesMax = stateEntriesMax
    this.#stored = stored
  }

  value(key: string): string | undefined {
    const change = this.#values.get(key)
    return change === undefined ? this.#stored.value(this.#owner, key) : (change.value ?? undefined)
  }

  windowsOf(place: Place, near: KeyedSpan): readonly StoredWindow[] {
    const stored = this.#stored.windowsOf(this.#owner, place, near)
    const changed = this.#windows.get(placeKey(place))?.get(near.key)
    if (changed === undefined) return stored
    const isNear = ({ start, end }: StoredWindow) =>
      start >= near.startMin && start <= near.startMax && end >= near.endMin
    const waiting = put(changed.values()).filter(isNear)
    return [...stored.filter((each) => !changed.has(spanName(each))), ...waiting]
  }

  /** The earliest that are due, at most `limit`. */
  due(place: Place, { watermark, limit }: DueUntil): readonly StoredWindow[] {
    const changed = [...(this.#windows.get(placeKey(place))?.entries() ?? [])]
    const names = new Map(changed)
    const pending = changed.reduce((sum, [, spans]) => sum + spans.size, 0)
    const stored = this.#stored
      .due(this.#owner, place, { watermark, limit: limit + pending })
      .filter((each) => names.get(each.key)?.has(spanName(each)) !== true)
    const waiting = changed.flatMap(([, spans]) => put(spans.values()))
    return [...stored, ...waiting.filter(({ dueAt }) => dueAt <= watermark)]
      .toSorted((a, b) => a.dueAt - b.dueAt || a.start - b.start)
      .slice(0, limit)
  }

  /** Whether there may be windows that are due at this watermark. */
  mayBeDue(place: Place, watermark: EpochMs): boolean {
    const name = placeKey(place)
    const known = this.#nextDue.get(name)
    if (known !== undefined) return known <= watermark
    const [first] = this.due(place, { watermark: Number.MAX_SAFE_INTEGER, limit: 1 })
    const next = first?.dueAt ?? Number.MAX_SAFE_INTEGER
    this.#nextDue.set(name, next)
    return next <= watermark
  }

  /** How far event time is; 0 where nothing has come yet. */
  watermark(place: Place): EpochMs {
    const name = placeKey(place)
    const known = this.#watermarks.get(name)
    if (known !== undefined) return known
    const stored = this.#stored.watermark(this.#owner, place) ?? 0
    this.#watermarks.set(name, stored)
    return stored
  }

  /**
   * Why these would be more than what may be kept; undefined where they are not. Asked right before
   * they are submitted: tries that run side by side would all find the same room.
   */
  whyNoRoom(changes: readonly StateChange[]): GatewayError | undefined {
    const growth = growthOf(changes)
    if (growth <= 0) return undefined
    const entries = this.#count()
    if (entries + growth <= this.#entriesMax) return undefined
    return new GatewayError('STATE_FULL', `${entries} entries of ${this.#owner}`)
  }

  #count(): number {
    return (this.#entries ??= this.#stored.count(this.#owner))
  }

  /** The changes are on their way to the disk. */
  submitted(changes: readonly StateChange[]): void {
    const growth = growthOf(changes)
    if (growth !== 0) this.#entries = this.#count() + growth
    this.#changes += changes.length
    this.#waiting += changes.length
    for (const change of changes) {
      if (change.kind === 'value') this.#values.set(change.key, change)
      else if (change.kind === 'watermark') {
        this.#watermarks.set(placeKey(change.place), change.watermark)
      } else this.#setWindow(change)
    }
  }

  /** The changes are on disk. */
  settled(changes: readonly StateChange[]): void {
    this.#waiting -= changes.length
    if (this.#waiting === 0 && this.#changes >= CONSUMER_STATE_RECOUNT) {
      this.#changes = 0
      this.#entries = undefined
    }
    for (const change of changes) {
      if (change.kind === 'watermark') continue
      if (change.kind === 'value') {
        if (this.#values.get(change.key) === change) this.#values.delete(change.key)
      } else this.#forgetWindow(change)
    }
  }

  #setWindow(change: WindowChange): void {
    const { window } = change
    const place = placeKey(window)
    const keys = this.#windows.get(place) ?? new Map<string, Map<string, WindowChange>>()
    const spans = keys.get(window.key) ?? new Map<string, WindowChange>()
    this.#windows.set(place, keys.set(window.key, spans.set(spanName(window), change)))
    const next = this.#nextDue.get(place)
    if (change.kind === 'window-gone') this.#nextDue.delete(place)
    else if (next !== undefined) this.#nextDue.set(place, Math.min(next, change.window.dueAt))
  }

  #forgetWindow(change: WindowChange): void {
    const { window } = change
    const keys = this.#windows.get(placeKey(window))
    const spans = keys?.get(window.key)
    if (spans?.get(spanName(window)) !== change) return
    spans.delete(spanName(window))
    if (spans.size === 0) keys?.delete(window.key)
  }
}

/** How many more entries there are after these changes. */
function growthOf(changes: readonly StateChange[]): number {
  let growth = 0
  for (const change of changes) {
    if (change.kind === 'watermark') continue
    if (change.kind === 'window-gone' || (change.kind === 'value' && change.value === null)) {
      growth -= 1
    } else if (change.isNew) growth += 1
  }
  return growth
}

function spanName({ start, end }: Pick<WindowName, 'start' | 'end'>): string {
  return `${start} ${end}`
}

function put(changes: Iterable<WindowChange>): StoredWindow[] {
  return [...changes].flatMap((change) => (change.kind === 'window' ? [change.window] : []))
}
