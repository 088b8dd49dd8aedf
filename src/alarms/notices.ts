/** Tells somebody else of alarms, by a webhook of our own that is signed like those we take. */
import { ALARMS } from '../alarm.ts'
import { backoffMs, type Backoff } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import type { Log } from '../log.ts'
import type { CallOut } from '../outbound-call.ts'
import { NOTICE_TRIES_MAX, NOTICES_MAX } from '../limits/observing.ts'
import type { AlarmChange } from './alarms.ts'

export interface NoticesPorts {
  readonly clock: Clock
  readonly log: Log
  readonly callOut: CallOut
  readonly url: string
  /** Which gateway it is, where there are several. */
  readonly node: string
  /** The id of a new notice, different from all others. */
  readonly newId: () => string
  /** The headers that prove a body to its reader, who must see the same id only once. */
  readonly sign: (id: string, body: Uint8Array) => Readonly<Record<string, string>>
}

export interface Notices {
  /** Notes what to say; the alarm does not wait. */
  notice(change: AlarmChange): void
  /** Says what is noted, one at a time and in order, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

/** Seven tries within about ten minutes: longer than the reader takes to be deployed. */
const RETRY: Backoff = { baseMs: 5_000, maxMs: 5 * 60_000 }

interface Notice {
  readonly id: string
  readonly body: Uint8Array
}

export function openNotices(ports: NoticesPorts): Notices {
  const { clock, log } = ports
  const queue: Notice[] = []
  let wake: () => void = () => undefined

  async function say(notice: Notice, signal: AbortSignal): Promise<void> {
    for (let tries = 1; !signal.aborted; tries += 1) {
      const failure = await attempt(notice, ports)
      if (failure === undefined) return
      const { code, detail, retryable } = failure
      if (!retryable || tries >= NOTICE_TRIES_MAX) {
        const hint = 'nobody was told of this alarm: see INLET_ALARM_URL'
        log.error('alarm.unsaid', { id: notice.id, tries, code, detail, hint })
        return
      }
      await clock.sleep(backoffMs(RETRY, tries), signal)
    }
  }

  return {
    notice(change) {
      const id = ports.newId()
      queue.push({ id, body: new TextEncoder().encode(describe(change, ports.node)) })
      // What is newer says how things are.
      if (queue.length > NOTICES_MAX) {
        log.error('alarm.unsaid', { id: queue.shift()?.id, waiting: NOTICES_MAX })
      }
      wake()
    },
    async run(signal) {
      signal.addEventListener('abort', () => wake(), { once: true })
      while (!signal.aborted) {
        const next = queue.shift()
        if (next === undefined) await new Promise<void>((resolve) => (wake = resolve))
        else await say(next, signal)
      }
    },
  }
}

async function attempt(
  { id, body }: Notice,
  { callOut, url, sign }: NoticesPorts,
): Promise<GatewayError | undefined> {
  try {
    const { status } = await callOut({
      url,
      hosts: [new URL(url).host],
      method: 'POST',
      headers: { 'content-type': 'application/json', ...sign(id, body) },
      body: new TextDecoder().decode(body),
    })
    if (status >= 200 && status < 300) return undefined
    return new GatewayError('OUTBOUND_FAILED', `the answer is ${status}`)
  } catch (error) {
    if (error instanceof GatewayError) return error
    return new GatewayError('OUTBOUND_FAILED', messageOf(error), { cause: error })
  }
}

function describe({ kind, alarm, at }: AlarmChange, node: string): string {
  const { name, subject, since, text } = alarm
  const { title, hint } = ALARMS[name]
  return JSON.stringify({
    type: `alarm.${kind}`,
    timestamp: new Date(at).toISOString(),
    data: { node, name, subject, since: new Date(since).toISOString(), title, text, hint },
  })
}
