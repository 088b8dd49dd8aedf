/**
 * Takes reruns and works on them: one of each kind at a time, the one first that was asked for
 * first.
 */
import { GatewayError, messageOf } from '../faults/faults.ts'
import { randomToken } from '../ids.ts'
import { RERUN_WAIT_MS, RERUNS_MAX } from '../limits/limits.ts'
import type { NewRerun, Rerun, RerunChange, RerunKind } from '../rerun.ts'
import type { RerunPorts } from './ports.ts'
import { workOn } from './work.ts'

/** What somebody asks for. */
export type Asked = Omit<NewRerun, 'id'>

export interface Reruns {
  /**
   * Notes it, and begins as soon as those before it have ended.
   *
   * @throws GatewayError RERUNS_EXHAUSTED.
   */
  ask(asked: Asked): Promise<Rerun>
  /** Undefined where there is none of this id; one that does not run stays as it is. */
  stop(id: string): Promise<Rerun | undefined>
  /** Goes on where it was, also one that failed; one that is done stays as it is. */
  resume(id: string): Promise<Rerun | undefined>
  /** Works on those of a kind until `signal` aborts. What has begun then is finished first. */
  run(kind: RerunKind, signal: AbortSignal): Promise<void>
}

/** Sleeps that a change of some rerun's state ends. */
function openNaps({ clock }: Pick<RerunPorts, 'clock'>) {
  const sleepers = new Set<AbortController>()
  return {
    async nap(ms: number, signal = NEVER): Promise<void> {
      const sleeper = new AbortController()
      const wake = () => sleeper.abort()
      signal.addEventListener('abort', wake, { once: true })
      sleepers.add(sleeper)
      if (!signal.aborted) await clock.sleep(ms, sleeper.signal)
      sleepers.delete(sleeper)
      signal.removeEventListener('abort', wake)
    },
    wakeAll() {
      for (const sleeper of sleepers) sleeper.abort()
    },
  }
}

const NEVER = new AbortController().signal

export function openReruns(ports: RerunPorts): Reruns {
  const { clock, log } = ports
  const naps = openNaps(ports)
  const nap = (ms: number, signal?: AbortSignal) => naps.nap(ms, signal)
  /** Those that this process has counted itself for. */
  const begun = new Set<string>()

  async function change(change: Omit<RerunChange, 'at'>): Promise<Rerun | undefined> {
    const isChanged = await ports.change({ ...change, at: clock.now() })
    const rerun = ports.byId(change.id)
    if (isChanged && rerun !== undefined) log.info('rerun.changed', describe(rerun))
    naps.wakeAll()
    return rerun
  }

  async function workOnOne(rerun: Rerun, signal: AbortSignal): Promise<void> {
    const { id } = rerun
    if (!begun.has(id)) await ports.start(id)
    begun.add(id)
    const ended = await workOn(rerun, ports, { signal, nap }).catch((error: unknown) => {
      if (error instanceof GatewayError && error.retryable) throw error
      return { to: 'failed', reason: messageOf(error) } as const
    })
    if (ended !== undefined) await change({ id, from: ['running'], ...ended })
  }

  return {
    async ask(asked) {
      if (ports.countRunning() >= RERUNS_MAX) {
        throw new GatewayError('RERUNS_EXHAUSTED', `${RERUNS_MAX} are not at their end`)
      }
      const id = `${asked.kind}-${randomToken().slice(0, ID_CHARS)}`
      await ports.create({ ...asked, id }, clock.now())
      const rerun = ports.byId(id)
      if (rerun === undefined) throw new GatewayError('STORAGE_FAILED', `${id} is not there`)
      log.info('rerun.asked', describe(rerun))
      naps.wakeAll()
      return rerun
    },
    stop: (id) => change({ id, from: ['running'], to: 'stopped', reason: null }),
    resume: (id) => change({ id, from: ['stopped', 'failed'], to: 'running', reason: null }),
    async run(kind, signal) {
      while (!signal.aborted) {
        const rerun = ports.firstRunning(kind)
        try {
          await (rerun === undefined ? nap(IDLE_MS, signal) : workOnOne(rerun, signal))
        } catch (error) {
          // A full disk, most likely: its next step is tried again.
          log.error('rerun.interrupted', { rerun: rerun?.id, reason: messageOf(error) })
          await nap(RERUN_WAIT_MS, signal)
        }
      }
    },
  }
}

/** Of the 32 of a token: two reruns of one file never share it. */
const ID_CHARS = 16

/** Nothing is looked for by time: whoever asks wakes. */
const IDLE_MS = 2 ** 31 - 1

/** For the log: never a payload, and never what somebody searched for in one. */
function describe({ id, kind, state, by, total, done, failed, records, reason }: Rerun) {
  return { rerun: id, kind, state, by, total, done, failed, records, reason }
}
