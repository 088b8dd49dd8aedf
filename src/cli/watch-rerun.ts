import type { Rerun } from '../admin-api/reruns.ts'
import { systemClock } from '../clock.ts'
import type { Environment } from '../settings/config.ts'
import { askApi } from './admin.ts'

/** Often enough for a bar that moves, and nothing to the gateway. */
const LOOK_MS = 500

const BAR_CHARS = 30

export interface WatchOptions {
  readonly env: Environment
  readonly print: (line: string) => void
  readonly json: boolean
}

/** Watches a rerun to its end, or until Ctrl-C. Returns 1 where it did not do all of it. */
export async function watchRerun(first: Rerun, options: WatchOptions): Promise<number> {
  const { env, print, json } = options
  const { Rerun: schema } = await import('../admin-api/reruns.ts')
  const leaving = new AbortController()
  const leave = () => leaving.abort()
  process.once('SIGINT', leave)
  const isTerminal = process.stderr.isTTY && !json
  if (!json) print(`${first.id} has begun`)
  let rerun = first
  for (;;) {
    if (json) print(JSON.stringify(rerun))
    if (isTerminal) process.stderr.write(`\r\u001B[K${progressOf(rerun)}`)
    if (rerun.state !== 'running' || leaving.signal.aborted) break
    await systemClock.sleep(LOOK_MS, leaving.signal)
    rerun = await askApi(env, { path: `/api/reruns/${rerun.id}`, schema })
  }
  process.removeListener('SIGINT', leave)
  if (isTerminal) process.stderr.write('\r\u001B[K')
  if (!json) print(summaryOf(rerun))
  return rerun.state === 'done' && rerun.failed === 0 ? 0 : 1
}

function progressOf({ done, total }: Rerun): string {
  if (total === null) return `${done} done`
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const filled = Math.round(share * BAR_CHARS)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CHARS - filled)
  return `${bar} ${Math.floor(share * 100)} %  ${done} of ${total}`
}

function summaryOf({ id, state, done, failed, records, reason }: Rerun): string {
  const facts = [
    `${done} done`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    `${records} records`,
    ...(reason === null ? [] : [reason]),
  ]
  const hint = state === 'running' ? `. It goes on: inlet reruns stop ${id} ends it` : ''
  return `${id} is ${state}: ${facts.join(', ')}${hint}`
}
