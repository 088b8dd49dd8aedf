/** The state of a key within one try of one record. */
import { z } from 'zod'
import type { Consumer, FetchedRecord } from '../consumer.ts'
import type { KeyedState, StateChange } from '../consumer-state.ts'
import { CONSUMER_STATE_BYTES_MAX } from '../limits/consumers.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import type { Keeping } from './keeping.ts'

/** What a try does with the state of its key: of no consequence until its changes are submitted. */
export interface StagedState {
  readonly state: KeyedState<unknown>
  /** As of now: a handler that runs on after its time changes nothing more. */
  changes(): readonly StateChange[]
}

export function stageState(
  record: FetchedRecord,
  consumer: Consumer,
  keeping: Keeping | undefined,
): StagedState {
  const schema = consumer.state
  if (schema === undefined) return STATELESS
  let before: { readonly key: string; readonly text: string | undefined } | undefined
  let staged: { readonly value: string | null } | undefined
  /** As the last record of this key has left it: its lane is ours, so that stays. */
  function kept() {
    if (before !== undefined) return before
    const key = stateKeyOf(record)
    return (before = { key, text: keeping?.value(key) })
  }
  const current = () => (staged === undefined ? kept().text : (staged.value ?? undefined))
  return {
    state: {
      get() {
        const text = current()
        return text === undefined ? undefined : fromText(schema, text)
      },
      set(state) {
        const value = toText(schema, state)
        // Its handler is to see that a record has no key.
        kept()
        staged = { value }
      },
      delete: () => void (staged = { value: null }),
    },
    changes() {
      if (staged === undefined) return NO_CHANGES
      const { key, text } = kept()
      const isNew = text === undefined
      if (isNew && staged.value === null) return NO_CHANGES
      return [{ kind: 'value', key, isNew, ...staged }]
    },
  }
}

const NO_STATE = 'the consumer defines no state'

function refuse(): never {
  throw new GatewayError('STATE_INVALID', NO_STATE)
}

const NO_CHANGES: readonly StateChange[] = []

/** What most handlers are given: nothing is made for each record. */
const STATELESS: StagedState = {
  state: { get: refuse, set: refuse, delete: refuse },
  changes: () => NO_CHANGES,
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Under what the state of a record is kept.
 *
 * @throws GatewayError STATE_INVALID where its key is missing, or no text.
 */
export function stateKeyOf({ key }: FetchedRecord): string {
  if (key === null) throw new GatewayError('STATE_INVALID', 'the record has no key')
  try {
    return decoder.decode(key)
  } catch (cause) {
    throw new GatewayError('STATE_INVALID', 'the key of the record is not UTF-8', { cause })
  }
}

/** @throws GatewayError STATE_INVALID where the schema does not take it, or it is too large. */
export function toText(schema: z.ZodType | undefined, state: unknown): string {
  const text = JSON.stringify(check(schema, state))
  const bytes = Buffer.byteLength(text)
  if (bytes <= CONSUMER_STATE_BYTES_MAX) return text
  const detail = `${bytes} bytes; at most ${CONSUMER_STATE_BYTES_MAX} are kept of one`
  throw new GatewayError('STATE_INVALID', detail)
}

/** @throws GatewayError STATE_INVALID where an earlier version has left what the schema refuses. */
export function fromText(schema: z.ZodType | undefined, text: string): unknown {
  return check(schema, JSON.parse(text))
}

function check(schema: z.ZodType | undefined, state: unknown): unknown {
  if (schema === undefined) return refuse()
  const parsed = schema.safeParse(state)
  if (parsed.success) return parsed.data
  throw new GatewayError('STATE_INVALID', messageOf(z.prettifyError(parsed.error)))
}
