import type { Clock } from '../clock.ts'
import { messageOf } from '../faults/faults.ts'
import type { HandlerWatch, Watched } from '../handler-watch.ts'
import { HANDLER_BLOCK_MS_MAX, HEARTBEAT_IDLE_MS, HEARTBEAT_MS } from '../limits/watchdog.ts'
import type { Log, LogLevel } from '../log.ts'
import { openNap } from '../nap.ts'
import { watchExits } from './exits.ts'
import { openSuspectTurns, openTurns } from './suspect-turns.ts'
import { openSuspects, readSuspects, type SuspectNote } from './suspects.ts'
import { makeVitals, openVitalSigns, seeVitals, suspectsIn } from './vitals.ts'

/** What the watching thread is told. */
export interface WatchdogOrder {
  readonly vitals: SharedArrayBuffer
  readonly blockMsMax: number
  readonly level: LogLevel
  /** Where it is noted what ran when the process ends. */
  readonly notesPath: string
  /** What names the handlers that are served. */
  readonly handlersName: string
}

/** Is told what user code runs. */
export type Pulse = Pick<HandlerWatch, 'enter' | 'waits' | 'leave'> & {
  /** Says that this thread lives, while there are handlers, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

/**
 * Ends the process when a handler blocks its thread: nothing else can, for JavaScript cannot be
 * interrupted. Then the supervisor starts it again, and providers send again what was not answered.
 * A handler that ends the process itself is named and counted like one that blocks it.
 */
export interface Watchdog extends Pick<Pulse, 'run'> {
  /** For webhooks and events of callers: none of them waits for a suspect of a consumer. */
  readonly door: HandlerWatch
  /** For consumers: while a suspect of any of them runs, nothing else of theirs begins. */
  readonly consumers: HandlerWatch
  close(): void
}

/** What is served now: the notes name its handlers. */
interface ServedHandlers {
  current(): { readonly handlersName: string }
  /** Calls `listener` after each change of what is served. */
  onServed(listener: () => void): void
}

export interface WatchdogPorts {
  readonly clock: Clock
  readonly log: Log
  readonly level: LogLevel
  /** For tests. Default: HANDLER_BLOCK_MS_MAX. */
  readonly blockMsMax?: number | undefined
  readonly notesPath: string
  readonly reloader: ServedHandlers
}

/**
 * The thread that watches this one starts with the first handler, and sleeps while none has run for
 * a heartbeat. It counts its own turns, not the time: while the process is stopped, or the machine
 * asleep, neither thread has any.
 */
export function openWatchdog(ports: WatchdogPorts): Watchdog {
  const { clock, log, level, blockMsMax = HANDLER_BLOCK_MS_MAX, notesPath, reloader } = ports
  const vitals = makeVitals()
  const handlersName = () => reloader.current().handlersName
  const suspects = openSuspects(notesOf(ports), handlersName)
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

  function order(): WatchdogOrder {
    return { vitals, blockMsMax, level, notesPath, handlersName: handlersName() }
  }

  function onAwake(): void {
    worker ??= start()
    worker.postMessage(order())
  }

  reloader.onServed(() => worker?.postMessage(order()))
  const pulse = openPulse(vitals, clock, onAwake)
  const watch = { ...pulse, ...suspects }
  const unwatchExits = watchExits(order)
  return {
    door: { ...watch, turns: openSuspectTurns() },
    consumers: { ...watch, turns: openTurns() },
    run: (signal) => pulse.run(signal),
    close() {
      unwatchExits()
      worker?.terminate()
    },
  }
}

/** A file that cannot be read is no reason not to start: then what is in it is tried anew. */
function notesOf({ notesPath, log }: WatchdogPorts): readonly SuspectNote[] {
  try {
    return readSuspects(notesPath)
  } catch (error) {
    log.error('watchdog.notes_unread', { path: notesPath, reason: messageOf(error) })
    return []
  }
}

/** The watched side. Calls `onAwake` when the first handler begins, and the first after a pause. */
export function openPulse(vitals: SharedArrayBuffer, clock: Clock, onAwake: () => void): Pulse {
  const signs = openVitalSigns(vitals)
  const nap = openNap(clock)
  let isBeating = false
  let entered = 0

  function beat(goesOn: boolean): void {
    isBeating = goesOn
    signs.beat(goesOn)
  }

  function awake(): void {
    beat(true)
    nap.wake()
    onAwake()
  }

  return {
    enter(watched) {
      entered += 1
      const call = signs.enter(watched)
      if (!isBeating) awake()
      return call
    },
    waits: (call) => signs.waits(call),
    leave: (call) => signs.leave(call),
    async run(signal) {
      while (!signal.aborted) {
        const before = entered
        await nap.sleep(isBeating ? HEARTBEAT_MS : HEARTBEAT_IDLE_MS, signal)
        beat(signs.calls() > 0 || entered !== before)
      }
    },
  }
}

/** What the watching thread finds. */
export interface Blocked {
  /** One of these: more than one only where all of them wait for something. The latest first. */
  readonly suspects: readonly Watched[]
  /** Handlers that had begun beside the first of those. */
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
  let last = seeVitals(vitals)
  let blockedMs = 0
  for (;;) {
    await clock.sleep(HEARTBEAT_MS)
    const seen = seeVitals(vitals)
    if (!seen.isBeating) return undefined
    // Where another one has begun it is not one that keeps the thread.
    const isSame = seen.beats === last.beats && seen.began === last.began
    blockedMs = isSame && seen.calls > 0 ? blockedMs + HEARTBEAT_MS : 0
    last = seen
    if (blockedMs < blockMsMax) continue
    return { suspects: suspectsIn(vitals), others: seen.calls - 1, blockedMs }
  }
}
