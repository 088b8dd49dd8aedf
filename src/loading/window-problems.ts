/** What is wrong with what a consumer keeps: files are user code, and checked, not believed. */
import { z } from 'zod'
import type { WindowDefinition } from '../consumer.ts'
import { CONSUMER_IDLE_MS_MIN, CONSUMER_WINDOWS_PER_EVENT_MAX } from '../limits/consumers.ts'
import { parseDuration, type WindowShape } from '../window.ts'

type Unchecked = Readonly<Record<string, unknown>>

/** In one line; undefined where nothing is. */
export function stateProblem({ state, window }: Unchecked): string | undefined {
  if (state !== undefined && !(state instanceof z.ZodType)) return 'state must be a zod schema'
  return window !== undefined && state === undefined ? 'window needs `state`' : undefined
}

/** In one line; undefined where nothing is. */
export function windowProblem(window: unknown): string | undefined {
  if (window === undefined) return undefined
  if (typeof window !== 'object' || window === null) return 'window must be an object'
  const fields: Unchecked = { ...window }
  const unknown = Object.keys(fields).find((field) => !FIELDS.has(field))
  if (unknown !== undefined) return `window has a field "${unknown}" that it does not know`
  return shapeProblem(fields) ?? functionProblem(fields) ?? durationProblem(fields)
}

const FIELDS: ReadonlySet<string> = new Set([
  'over',
  'outOfOrderness',
  'allowedLateness',
  'idleTimeout',
  'merge',
  'onClose',
  'onUpdate',
  'onLate',
] satisfies (keyof WindowDefinition)[])

function shapeProblem({ over, merge }: Unchecked): string | undefined {
  if (!isShape(over)) return 'window.over must be made by tumbling, hopping or session'
  if (over.kind === 'session') {
    return merge === undefined ? 'window.merge is missing: an event may join sessions' : undefined
  }
  return over.sizeMs / over.everyMs > CONSUMER_WINDOWS_PER_EVENT_MAX
    ? `window.over puts an event into more than ${CONSUMER_WINDOWS_PER_EVENT_MAX} windows`
    : undefined
}

function functionProblem(fields: Unchecked): string | undefined {
  const { merge, onClose, onUpdate, onLate, allowedLateness } = fields
  const wrong = Object.entries({ merge, onClose, onUpdate, onLate }).find(
    ([, each]) => each !== undefined && typeof each !== 'function',
  )
  if (wrong !== undefined) return `window.${wrong[0]} must be a function`
  if (onClose === undefined && onUpdate === undefined) return 'window has no onClose or onUpdate'
  return allowedLateness !== undefined && onUpdate === undefined
    ? 'window.allowedLateness needs `onUpdate`: it publishes what is corrected'
    : undefined
}

function durationProblem(fields: Unchecked): string | undefined {
  for (const field of ['outOfOrderness', 'allowedLateness', 'idleTimeout']) {
    const duration = fields[field]
    if (duration === undefined) continue
    const ms = typeof duration === 'string' ? parseDuration(duration) : undefined
    if (ms === undefined) return `window.${field} must be a duration such as 30s or 5m`
    if (field === 'idleTimeout' && ms < CONSUMER_IDLE_MS_MIN) {
      return `window.idleTimeout must be at least ${CONSUMER_IDLE_MS_MIN / 1_000}s`
    }
  }
  return undefined
}

function isShape(over: unknown): over is WindowShape {
  return typeof over === 'object' && over !== null && 'kind' in over
}
