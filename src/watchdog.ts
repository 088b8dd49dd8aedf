import type { Clock } from './clock.ts'
import { HANDLER_BLOCK_MS_MAX, HEARTBEAT_IDLE_MS, HEARTBEAT_MS } from './limits.ts'
import type { Log, LogLevel } from './log.ts'
import { openNap } from './nap.ts'

/** How a process ends that a handler has blocked: EX_SOFTWARE of sysexits.h. */
export const BLOCKED_EXIT_CODE = 70

/** A name is cut here: 63 characters of a source and 256 of a type, at most 3 bytes each. */
const NAME_BYTES_MAX = 1024

/** What both threads see, in a SharedArrayBuffer: four numbers, then a name. */
export const VITALS = { beats: 0, nameBytes: 1, others: 2, isBeating: 3, nameAt: 16 } as const

/** What the watching thread is told. */
export interface WatchdogOrder {
  readonly vitals: SharedArrayBuffer
  readonly blockMsMax: number
  readonly level: LogLevel
}

/**
 * Ends the process when a handler blocks its thread: nothing else can, for JavaScript cannot be
 * interrupted. Then the supervisor starts it again, and providers send again what was not answered.
 */
export interface Watchdog {
  /** A handler begins, or user code of its route. Returns how to say that it has ended. */
  enter(handler: string): () => void
  /** Says that this thread lives, while there are handlers, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
  close(): void
}

export interface WatchdogPorts {
  readonly clock: Clock
  readonly log: Log
  readonly level: LogLevel
  /** For tests. Default: HANDLER_BLOCK_MS_MAX. */
  readonly blockMsMax?: number | undefined
}

/**
 * The thread that watches this one starts with the first handler, and sleeps while none has run for
 * a heartbeat. It counts its own turns, not the time: while the process is stopped, or the machine
 * asleep, neither thread has any.
 */
export function openWatchdog(ports: WatchdogPorts): Watchdog {
  const { clock, log, level, blockMsMax = HANDLER_BLOCK_MS_MAX } = ports
  const vitals = new SharedArrayBuffer(VITALS.nameAt + NAME_BYTES_MAX)
  let worker: Worker | undefined

  function start(): Worker {
    const started = new Worker(new URL('./watchdog-worker.ts', import.meta.url).href)
    started.unref()
    started.addEventListener('error', (event) => {
      event.preventDefault()
      log.error('watchdog.failed', { reason: event.message })
    })
    return started
  }

  function onAwake(): void {
    worker ??= start()
    worker.postMessage({ vitals, blockMsMax, level } satisfies WatchdogOrder)
  }

  return { ...openPulse(vitals, clock, onAwake), close: () => worker?.terminate() }
}

/** The watched side. Calls `onAwake` when the first handler begins, and the first after a pause. */
export function openPulse(
  vitals: SharedArrayBuffer,
  clock: Clock,
  onAwake: () => void,
): Omit<Watchdog, 'close'> {
  const numbers = new Int32Array(vitals, 0, VITALS.nameAt / Int32Array.BYTES_PER_ELEMENT)
  const name = new Uint8Array(vitals, VITALS.nameAt)
  const encoder = new TextEncoder()
  /** Handlers that have begun and not ended; more than one only where they wait for something. */
  const running: { readonly handler: string }[] = []
  /** What stands in the buffer: mostly the name of the same one again. */
  let written = { handler: '', bytes: 0 }
  const nap = openNap(clock)
  let isBeating = false
  let entered = 0

  function beat(goesOn: boolean): void {
    isBeating = goesOn
    Atomics.add(numbers, VITALS.beats, 1)
    Atomics.store(numbers, VITALS.isBeating, goesOn ? 1 : 0)
  }

  function awake(): void {
    beat(true)
    nap.wake()
    onAwake()
  }

  /** The last to begin is the one that runs, unless one that waited goes on. */
  function show(): void {
    const last = running.at(-1)
    if (last !== undefined && last.handler !== written.handler) {
      written = { handler: last.handler, bytes: encoder.encodeInto(last.handler, name).written }
    }
    const nameBytes = last === undefined ? 0 : written.bytes
    if (running.length > 1) Atomics.store(numbers, VITALS.others, running.length - 1)
    Atomics.store(numbers, VITALS.nameBytes, nameBytes)
  }

  function leave(entry: { readonly handler: string }): void {
    const at = running.lastIndexOf(entry)
    if (at === -1) return
    running.splice(at, 1)
    if (running.length <= 1) Atomics.store(numbers, VITALS.others, 0)
    show()
  }

  return {
    enter(handler) {
      const entry = { handler }
      running.push(entry)
      entered += 1
      show()
      if (!isBeating) awake()
      return () => {
        if (running.length > 1 || running[0] !== entry) return leave(entry)
        // Nearly always: it began last, and nothing else waits.
        running.pop()
        Atomics.store(numbers, VITALS.nameBytes, 0)
      }
    },
    async run(signal) {
      while (!signal.aborted) {
        const before = entered
        await nap.sleep(isBeating ? HEARTBEAT_MS : HEARTBEAT_IDLE_MS, signal)
        beat(running.length > 0 || entered !== before)
      }
    },
  }
}

/** What the watching thread finds. */
export interface Blocked {
  readonly handler: string
  /** Further handlers that had begun: where they wait for something, one of them may be it. */
  readonly others: number
  readonly blockedMs: number
}

/**
 * The watching side: resolves once a handler has run for `blockMsMax` without a heartbeat; with
 * nothing where the other side has stopped beating because no handler runs.
 */
export async function watchPulse(
  { vitals, blockMsMax }: Pick<WatchdogOrder, 'vitals' | 'blockMsMax'>,
  clock: Pick<Clock, 'sleep'>,
): Promise<Blocked | undefined> {
  const numbers = new Int32Array(vitals, 0, VITALS.nameAt / Int32Array.BYTES_PER_ELEMENT)
  let beats = Atomics.load(numbers, VITALS.beats)
  let blockedMs = 0
  for (;;) {
    await clock.sleep(HEARTBEAT_MS)
    if (Atomics.load(numbers, VITALS.isBeating) === 0) return undefined
    const seen = Atomics.load(numbers, VITALS.beats)
    const nameBytes = Atomics.load(numbers, VITALS.nameBytes)
    blockedMs = seen === beats && nameBytes > 0 ? blockedMs + HEARTBEAT_MS : 0
    beats = seen
    if (blockedMs < blockMsMax) continue
    const name = new Uint8Array(vitals, VITALS.nameAt, nameBytes).slice()
    const others = Atomics.load(numbers, VITALS.others)
    return { handler: new TextDecoder().decode(name), others, blockedMs }
  }
}
