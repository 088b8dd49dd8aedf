import type { Caller } from '../caller.ts'
import type { Clock } from '../clock.ts'
import type { Consumer } from '../consumer.ts'
import { messageOf } from '../faults/faults.ts'
import { changedPaths, readContents, watchFiles, type Watched } from './file-changes.ts'
import { RELOAD_QUIET_MS, RELOAD_QUIET_TURNS_MAX } from '../limits/limits.ts'
import type { Log } from '../log.ts'
import type { Source } from '../source.ts'

/** What is served, and the files that it was made from. */
export interface Served {
  readonly sources: ReadonlyMap<string, Source>
  readonly callers: ReadonlyMap<string, Caller>
  readonly consumers: ReadonlyMap<string, Consumer>
  /** Names of sources and callers that a handler file defines but nothing configures. */
  readonly inactive: readonly string[]
  readonly watched: Watched
  /** Names the handler files that it was made from: another name as soon as one is another. */
  readonly handlersName: string
}

export interface ReloadPorts {
  readonly clock: Clock
  readonly log: Log
  /** Makes a new set from the same configuration; rejects where any part of it is wrong. */
  readonly load: (current: Served) => Promise<Served>
}

export interface Reloader {
  /** What is served now. A delivery that has begun keeps the source that it began with. */
  current(): Served
  /** Asks for a reload, whether or not a file has changed. */
  request(): void
  /** Calls `listener` after each reload that has changed what is served. */
  onServed(listener: () => void): void
  /** Reloads, and resolves when that has ended, whichever way. */
  reloaded(): Promise<void>
  /** Reloads on request and when files change, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

/**
 * Replaces handlers and secrets while deliveries go on: all of them at once, or, where one file is
 * wrong, none.
 */
export function openReloader(first: Served, ports: ReloadPorts): Reloader {
  const { clock, log } = ports
  let served = first
  let contents = readContents(first.watched)
  let [requested, changed] = [false, false]
  let wake: () => void = () => undefined
  const waiters: (() => void)[] = []
  const listeners: (() => void)[] = []
  const readNow = () => readContents(served.watched)

  async function reload(): Promise<void> {
    const trigger = requested ? 'request' : 'files'
    const seen = readNow()
    const paths = changedPaths(contents, seen).join(',')
    // Editors and secret managers touch many files; what is loaded is still what is there.
    if (trigger === 'files' && paths === '') return
    requested = false
    const waited = waiters.splice(0)
    contents = seen
    const startedMs = clock.monotonicMs()
    try {
      const next = await ports.load(served)
      const before = served
      served = next
      contents = new Map([...seen, ...newlyWatched(before.watched, next.watched)])
      const tookMs = Math.round(clock.monotonicMs() - startedMs)
      for (const listener of listeners) listener()
      log.info('reload.finished', { trigger, changed: paths, tookMs, ...difference(before, next) })
    } catch (error) {
      const reason = messageOf(error)
      const hint = 'what was loaded before goes on; the environment is read at start only'
      log.error('reload.refused', { trigger, changed: paths, reason, hint })
    } finally {
      for (const resolve of waited) resolve()
    }
  }

  /** Files come in several steps: reloads when none has for a while, but not never. */
  async function settle(signal: AbortSignal): Promise<void> {
    for (let turn = 0; turn < RELOAD_QUIET_TURNS_MAX && changed; turn += 1) {
      changed = false
      await clock.sleep(RELOAD_QUIET_MS, signal)
    }
  }

  function onChange() {
    changed = true
    wake()
  }

  return {
    current: () => served,
    request() {
      requested = true
      wake()
    },
    onServed: (listener) => void listeners.push(listener),
    reloaded() {
      requested = true
      wake()
      return new Promise((resolve) => waiters.push(resolve))
    },
    async run(signal) {
      signal.addEventListener('abort', () => wake(), { once: true })
      while (!signal.aborted) {
        const unwatch = watchIfPossible(served.watched, onChange, log)
        // What changed while nobody watched is seen by comparing.
        if (!requested && !changed) changed = changedPaths(contents, readNow()).length > 0
        if (!requested && !changed) await new Promise<void>((resolve) => (wake = resolve))
        await settle(signal)
        unwatch()
        if (!signal.aborted) await reload()
      }
      for (const resolve of waiters) resolve()
    },
  }
}

/** Watches, or says that nobody does: then a reload comes on request alone. */
function watchIfPossible(watched: Watched, onChange: () => void, log: Log): () => void {
  try {
    return watchFiles(watched, onChange)
  } catch (error) {
    const hint = 'files are not watched: send SIGHUP after changing them'
    log.warn('reload.unwatched', { reason: messageOf(error), hint })
    return () => undefined
  }
}

/** Files that only the new set reads. */
function newlyWatched(before: Watched, next: Watched) {
  const files = next.files.filter((file) => !before.files.includes(file))
  return readContents({ directory: '', files })
}

function difference(before: Served, next: Served) {
  const names = [...next.sources.keys()]
  return {
    sources: names.join(','),
    callers: [...next.callers.keys()].join(','),
    consumers: [...next.consumers.keys()].join(','),
    added: names.filter((name) => !before.sources.has(name)).join(','),
    removed: [...before.sources.keys()].filter((name) => !next.sources.has(name)).join(','),
    inactive: next.inactive.join(','),
  }
}
