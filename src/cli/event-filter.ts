/** Which events a command is about: the same options wherever some can be chosen. */
import type { EventQuery } from '../../db/event-search.ts'
import { systemClock } from '../clock.ts'
import { EVENT_STATES } from '../event.ts'
import { SET_ASIDE } from '../outbox.ts'
import { oneOf, timeOf } from './arguments.ts'

export const FILTER_OPTIONS = {
  source: { type: 'string' },
  type: { type: 'string' },
  state: { type: 'string' },
  records: { type: 'string' },
  id: { type: 'string' },
  key: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  text: { type: 'string' },
} as const

export const FILTER_HELP = `  --source <name>   Only events of this source.
  --type <type>     Only events of this type.
  --state <state>   Only events that are ${EVENT_STATES.join(', ')}.
  --records <s>     Only events with a record that is ${SET_ASIDE.join(', ')}: not on its topic.
  --id <id>         Only events that their sender gave this id.
  --key <key>       Only events with this partition key.
  --since <time>    Received then or later: 2026-01-31T12:00:00Z, or 30m, 12h or 7d ago.
  --until <time>    Received before.
  --text <text>     Only events whose body contains it, byte for byte.`

type Values = { readonly [Name in keyof typeof FILTER_OPTIONS]?: string | undefined }

/** Throws UsageError where a value cannot be meant. */
export function toQuery({ state, records, since, until, ...values }: Values): EventQuery {
  const now = systemClock.now()
  return {
    ...values,
    state: oneOf(EVENT_STATES, state, 'state'),
    records: oneOf(SET_ASIDE, records, 'records'),
    since: msOf(timeOf(since, 'since', now)),
    until: msOf(timeOf(until, 'until', now)),
  }
}

function msOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time)
}
