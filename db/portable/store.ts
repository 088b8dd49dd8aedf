import type { Committed, NewEvent } from '../../src/event.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { randomToken } from '../../src/ids.ts'
import type { AnswerToKeep, IdempotentAnswer } from '../../src/idempotent-answer.ts'
import type { Batches } from './batches.ts'
import { planCommit } from './commit.ts'
import { openHandOn } from './hand-on.ts'
import type { PortableStore, PortableStoreOptions } from './portable-store.ts'
import { openPortableRetention } from './retention.ts'
import { jsonOf } from './rows.ts'

/** Opens the store on a database that has the migrations of `db/migrations`. */
export function openPortableStore(batches: Batches, options: PortableStoreOptions): PortableStore {
  async function commitAll(
    events: readonly NewEvent[],
    answer?: AnswerToKeep,
  ): Promise<readonly Committed[]> {
    const plan = planCommit(events, options.clock.now(), answer)
    const results = await runOrExplain(plan.statements, answer)
    const { committed, variants } = plan.outcome(results)
    // Apart: rare, and nothing but a count depends on it.
    if (variants !== undefined) await batches.batch([variants])
    return committed
  }

  async function runOrExplain(
    statements: Parameters<Batches['batch']>[0],
    answer: AnswerToKeep | undefined,
  ) {
    try {
      return await batches.batch(statements)
    } catch (cause) {
      if (answer === undefined || (await findAnswer(answer.caller, answer.key)) === undefined) {
        throw cause
      }
      const detail = 'another process has answered a request with this key meanwhile'
      throw new GatewayError('IDEMPOTENCY_KEY_IN_USE', detail, { cause })
    }
  }

  async function findAnswer(caller: string, key: string): Promise<IdempotentAnswer | undefined> {
    const [rows = []] = await batches.batch([{ sql: FIND_ANSWER, params: [caller, key] }])
    return rows[0] && (jsonOf(rows[0]) as IdempotentAnswer)
  }

  return {
    async commit(event) {
      const [committed] = await commitAll([event])
      if (committed === undefined) throw new Error('an event has an outcome')
      return committed
    },
    commitAll,
    findAnswer,
    async epoch() {
      const add = { sql: ADD_EPOCH, params: [randomToken()] }
      const [, rows = []] = await batches.batch([add, { sql: EPOCH, params: [] }])
      return String(rows[0]?.['epoch'])
    },
    ...openHandOn(batches, options),
    retainOnce: openPortableRetention(batches, options),
  }
}

const FIND_ANSWER = `
  SELECT json_object('caller', caller, 'key', key, 'requestHash', request_hash, 'status', status)
    AS json
  FROM idempotency_keys WHERE caller = ?1 AND key = ?2`

const ADD_EPOCH = `INSERT INTO meta (name, value) VALUES ('epoch', ?1) ON CONFLICT DO NOTHING`
const EPOCH = `SELECT value AS epoch FROM meta WHERE name = 'epoch'`
