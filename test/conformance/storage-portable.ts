import type { Batches } from '../../db/portable/batches.ts'
import { openPortableStore } from '../../db/portable/store.ts'
import { ALL, RETENTION_MS, type StorageRig } from './storage-setup.ts'
import { START_MS } from '../support/stored.ts'

/** A database that is open, and empty but for its tables. */
export interface OpenBatches extends Batches {
  close(): Promise<void> | void
}

/** As which `pending` and `mark` claim. */
const HOLDER = 'rig'
const LEASE_MS = 1_000

/**
 * The portable store over a database that `open` opens, again after each restart.
 */
export async function openPortableRig(
  open: (now: number) => Promise<OpenBatches> | OpenBatches,
): Promise<StorageRig> {
  let nowMs = START_MS
  const clock = { now: () => nowMs }
  let batches = await open(nowMs)
  let store = openOn(batches, 'entries')

  function openOn(on: Batches, handsOn: 'entries' | 'events') {
    return openPortableStore(on, { clock, retentionMs: RETENTION_MS, handsOn })
  }
  function claim(query: { readonly limit: number; readonly bytesMax: number }) {
    return store.claimEntries({ holder: HOLDER, leaseMs: LEASE_MS, ...query })
  }

  return {
    commit: (event) => store.commit(event),
    commitAll: (events, answer) => store.commitAll(events, answer),
    findAnswer: (caller, key) => store.findAnswer(caller, key),
    async mark(mark) {
      await claim({ limit: 1, bytesMax: 1 })
      await store.mark(HOLDER, mark)
    },
    async pending(query) {
      return (await claim(query))?.entries ?? []
    },
    async exceptions(status, topic) {
      const found = await store.exceptions({ status, topic, ...ALL })
      return found.map(({ exception }) => exception)
    },
    async lag() {
      const { pending, retry, blocked, dead } = await store.lag()
      return { pending, retry, blocked, dead }
    },
    async retain() {
      let slices = 1
      while ((await store.retainOnce()).more) slices += 1
      return slices
    },
    async sql(text) {
      const [rows = []] = await batches.batch([{ sql: text, params: [] }])
      return rows
    },
    advance(ms) {
      nowMs += ms
    },
    async restart() {
      await batches.close()
      batches = await open(nowMs)
      store = openOn(batches, 'entries')
    },
    get shared() {
      return store
    },
    get handing() {
      return openOn(batches, 'events')
    },
    async [Symbol.asyncDispose]() {
      await batches.close()
    },
  }
}
