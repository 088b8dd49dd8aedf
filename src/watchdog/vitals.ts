/**
 * What user code runs, in memory that two threads share: once it has blocked its own thread, only
 * the other one can still say which it was.
 */
import { assert } from '../assert.ts'
import type { Watched } from '../handler-watch.ts'
import { EVENT_ID_CHARS_MAX } from '../limits/limits.ts'
import { WATCHED_CALLS_MAX } from '../limits/watchdog.ts'

/** A name is cut here: 63 characters of a source and 256 of a type, at most 3 bytes each. */
const NAME_BYTES_MAX = 1024
const EVENT_BYTES_MAX = EVENT_ID_CHARS_MAX * 3

/**
 * Numbers of the whole: `calls` that have begun and not ended, and how many ever `began`; `current`
 * is the one that has not returned, counted from 1, or 0.
 */
const HEAD = { beats: 0, isBeating: 1, calls: 2, began: 3, current: 4, bytes: 24 } as const
/** Numbers of one call, then its offset, its name and its event. `order` of 0: it is over. */
const CALL = { order: 0, nameBytes: 1, eventBytes: 2, partition: 3, offsetAt: 16, nameAt: 24 }
const CALL_BYTES = CALL.nameAt + NAME_BYTES_MAX + EVENT_BYTES_MAX
assert(CALL_BYTES % Float64Array.BYTES_PER_ELEMENT === 0, 'the offset of every call is aligned')
/** Of a partition: there is none. */
const NO_PLACE = -1

/** All that may wait and be named, and one that has not returned: that one always has a name. */
const SLOTS = WATCHED_CALLS_MAX + 1
const VITALS_BYTES = HEAD.bytes + SLOTS * CALL_BYTES
/** A call is its slot, and above these bits how often that was taken from one that waits. */
const SLOT_BITS = 7
const SLOT_MASK = 2 ** SLOT_BITS - 1
assert(SLOTS <= 2 ** SLOT_BITS, 'a slot fits into its bits')

export function makeVitals(): SharedArrayBuffer {
  return new SharedArrayBuffer(VITALS_BYTES)
}

function headOf(vitals: SharedArrayBuffer): Int32Array {
  return new Int32Array(vitals, 0, HEAD.bytes / Int32Array.BYTES_PER_ELEMENT)
}

/** The memory of one call. */
function openSlot(vitals: SharedArrayBuffer, slot: number) {
  const at = HEAD.bytes + slot * CALL_BYTES
  return {
    numbers: new Int32Array(vitals, at, CALL.offsetAt / Int32Array.BYTES_PER_ELEMENT),
    offset: new Float64Array(vitals, at + CALL.offsetAt, 1),
    name: Buffer.from(vitals, at + CALL.nameAt, NAME_BYTES_MAX),
    event: Buffer.from(vitals, at + CALL.nameAt + NAME_BYTES_MAX, EVENT_BYTES_MAX),
  }
}

/** The watched side. It writes 60 bytes a call, in 60 ns, and waits for nobody. */
export interface VitalSigns {
  /** Calls that have begun and not ended. */
  calls(): number
  beat(goesOn: boolean): void
  /** See `HandlerWatch`. */
  enter(watched: Watched): number
  waits(call: number): void
  leave(call: number): void
}

export function openVitalSigns(vitals: SharedArrayBuffer): VitalSigns {
  const head = headOf(vitals)
  const slots: (ReturnType<typeof openSlot> & { source: string; type: string })[] = []
  /** The lowest last: what returns at once finds its name written by the one before. */
  const free = Array.from({ length: SLOTS }, (_, n) => SLOTS - 1 - n)
  /** Whose name is in each slot. */
  const holders = new Int32Array(SLOTS).map((_, slot) => slot)
  let calls = 0
  let order = 0

  /** The slot of the one that began first: all wait but the last, and it may do so for ever. */
  function takeOldest(): number {
    let [oldest, least] = [0, MAX_INT32]
    for (let at = 0; at < SLOTS; at += 1) {
      const began = slots[at]?.numbers[CALL.order] ?? 0
      if (began < least) [oldest, least] = [at, began]
    }
    const call = ((holders[oldest] ?? 0) + SLOT_MASK + 1) & MAX_INT32
    holders[oldest] = call
    return call
  }

  function write(at: number, { source, type, eventId, partition, offset }: Watched): void {
    const slot = (slots[at] ??= { ...openSlot(vitals, at), source: '', type: '' })
    const { numbers } = slot
    if (slot.source !== source || slot.type !== type) {
      ;[slot.source, slot.type] = [source, type]
      numbers[CALL.nameBytes] = slot.name.write(`${source} ${type}`)
    }
    numbers[CALL.eventBytes] = slot.event.write(eventId)
    numbers[CALL.partition] = partition ?? NO_PLACE
    slot.offset[0] = offset ?? 0
    Atomics.store(numbers, CALL.order, order)
  }

  return {
    calls: () => calls,
    beat(goesOn) {
      Atomics.add(head, HEAD.beats, 1)
      Atomics.store(head, HEAD.isBeating, goesOn ? 1 : 0)
    },
    enter(watched) {
      const call = free.pop() ?? takeOldest()
      order = order === MAX_INT32 ? 1 : order + 1
      const at = call & SLOT_MASK
      write(at, watched)
      calls += 1
      head[HEAD.began] = order
      Atomics.store(head, HEAD.calls, calls)
      Atomics.store(head, HEAD.current, at + 1)
      return call
    },
    waits(call) {
      const at = call & SLOT_MASK
      if (head[HEAD.current] === at + 1 && holders[at] === call) {
        Atomics.store(head, HEAD.current, 0)
      }
    },
    leave(call) {
      const at = call & SLOT_MASK
      calls -= 1
      Atomics.store(head, HEAD.calls, calls)
      // Its slot is another one's by now.
      if (holders[at] !== call) return
      if (head[HEAD.current] === at + 1) Atomics.store(head, HEAD.current, 0)
      const numbers = slots[at]?.numbers
      if (numbers !== undefined) Atomics.store(numbers, CALL.order, 0)
      free.push(call)
    },
  }
}

const MAX_INT32 = 2 ** 31 - 1

/** What the watching side sees. */
export interface SeenVitals {
  readonly beats: number
  readonly began: number
  readonly isBeating: boolean
  readonly calls: number
}

export function seeVitals(vitals: SharedArrayBuffer): SeenVitals {
  const head = headOf(vitals)
  return {
    beats: Atomics.load(head, HEAD.beats),
    began: Atomics.load(head, HEAD.began),
    isBeating: Atomics.load(head, HEAD.isBeating) === 1,
    calls: Atomics.load(head, HEAD.calls),
  }
}

/**
 * The calls that may have blocked the watched thread: the one that has not returned, else all that
 * wait for something and have a name, because any of them may have gone on. The latest comes first.
 */
export function suspectsIn(vitals: SharedArrayBuffer): readonly Watched[] {
  const current = Atomics.load(headOf(vitals), HEAD.current)
  const all = Array.from({ length: SLOTS }, (_, at) => at)
  return (current > 0 ? [current - 1] : all)
    .map((at) => openSlot(vitals, at))
    .map((slot) => ({ ...slot, order: Atomics.load(slot.numbers, CALL.order) }))
    .filter(({ order }) => order > 0)
    .toSorted((a, b) => b.order - a.order)
    .map(toWatched)
}

function toWatched({ numbers, offset: [offset = 0], name, event }: ReturnType<typeof openSlot>) {
  const [, nameBytes, eventBytes, partition = NO_PLACE] = numbers
  const names = name.toString('utf8', 0, nameBytes)
  const gap = names.indexOf(' ')
  return {
    source: names.slice(0, gap),
    type: names.slice(gap + 1),
    eventId: event.toString('utf8', 0, eventBytes),
    ...(partition === NO_PLACE ? {} : { partition, offset }),
  }
}
