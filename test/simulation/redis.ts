import type { Entry, RedisCommands } from '../../src/idempotency/open-hint.ts'
import type { Faults } from './faults.ts'
import type { Mortal, Scheduler } from './scheduler.ts'

const FAULTS = ['refused', 'command lost', 'reply lost', 'flushed'] as const

/** A Redis in memory. */
export class Redis {
  readonly #values = new Map<string, { readonly value: string; readonly owner: Mortal }>()
  readonly #scheduler: Scheduler
  readonly #faults: Faults

  constructor(scheduler: Scheduler, faults: Faults) {
    this.#scheduler = scheduler
    this.#faults = faults
  }

  commandsOf(client: Mortal): RedisCommands {
    const call = (what: string, run: () => unknown) => this.#call(client, what, run)
    const put = ({ key, value }: Entry) => void this.#values.set(key, { value, owner: client })
    return {
      setIfFree: (entry) =>
        call('SET NX', () => {
          const held = this.#values.get(entry.key)?.value
          if (held === undefined) put(entry)
          return held ?? null
        }),
      set: (entry) => call('SET', () => put(entry)),
      deleteIfEqual: (key, value) =>
        call('DEL', () => (this.#values.get(key)?.value === value ? this.#values.delete(key) : 0)),
      close() {},
    }
  }

  /** The time to live of what a dead process has claimed is over: no delivery takes that long. */
  expireClaimsOf(owner: Mortal): void {
    for (const [key, held] of this.#values) {
      if (held.owner === owner && held.value.startsWith('claim')) this.#values.delete(key)
    }
  }

  #call(client: Mortal, what: string, run: () => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#scheduler.later(`${client.name} ${what}`, undefined, () => {
        const fault = this.#faults.pick(10, FAULTS)
        if (fault === 'refused') {
          this.#scheduler.later('Redis refuses', client, () => reject(new Error('refused')))
        }
        if (fault === 'refused' || fault === 'command lost') return
        if (fault === 'flushed') this.#values.clear()
        const reply = run()
        if (fault === 'reply lost') return
        this.#scheduler.later('Redis answers', client, () => resolve(reply))
      })
    })
  }
}
