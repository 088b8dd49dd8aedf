/** Several processes on one database: they publish in turns, die, stall, and lose answers. */
import { expect, test } from 'bun:test'
import type { ClaimedEntries, PortableStore } from '../../../db/portable/portable-store.ts'
import { GatewayError } from '../../../src/faults/faults.ts'
import { choicesOf, type Choices } from '../../simulation/choices.ts'
import { sampleEvent, sampleMark } from '../../support/stored.ts'
import { openD1World } from './d1-world.ts'

const SEEDS = 12
const STEPS = 150
const IDS = 30
const LEASE_MS = 1_000

/** Not one that is tried again at once: whoever called has to find out. */
const GONE = 'D1_ERROR: D1 DB exceeded its CPU time limit and was reset.'

type World = Awaited<ReturnType<typeof openD1World>>

interface Publisher {
  holder: string
  claimed: ClaimedEntries | undefined
  hasSent: boolean
}

for (let seed = 1; seed <= SEEDS; seed += 1) {
  test(`every event is stored once, published, and in order (seed ${seed})`, async () => {
    await using world = await openD1World()
    const run = openRun(world, choicesOf(seed))
    for (let step = 0; step < STEPS; step += 1) await run.step()
    await run.finish()

    const seqs = Array.from({ length: IDS }, (_, at) => at + 1)
    expect([...run.stored.values()].toSorted((a, b) => a - b)).toEqual(seqs)
    expect([...new Set(run.landed.map(({ seq }) => seq))]).toEqual(seqs)
    for (const { seq, eventId } of run.landed) expect(run.stored.get(eventId)).toBe(seq)
  })
}

/** A schedule: at each step one of the processes does one thing, or the clock moves. */
function openRun(world: World, choices: Choices) {
  const { store, clock } = world
  /** The seq of each event that was acknowledged. */
  const stored = new Map<string, number>()
  const landed: { readonly seq: number; readonly eventId: string }[] = []
  const publishers = [1, 2, 3].map((n): Publisher => {
    return { holder: `p${n}`, claimed: undefined, hasSent: false }
  })
  let position = 0
  let deaths = 0

  /** A batch in three fails, before it has run or after. */
  async function faulty<T>(call: () => Promise<T>): Promise<T | undefined> {
    const fault = choices.next(6)
    if (fault === 1) world.fail(GONE)
    if (fault === 2) world.lose(GONE)
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return undefined
    } finally {
      world.heal()
    }
  }

  async function deliver(id: string): Promise<void> {
    const committed = await faulty(() => store.commit(sampleEvent(id)))
    if (committed === undefined) return
    expect(stored.get(id) ?? committed.seq).toBe(committed.seq)
    stored.set(id, committed.seq)
  }

  async function publish(publisher: Publisher): Promise<void> {
    const { holder, claimed } = publisher
    if (claimed === undefined) {
      publisher.claimed = await faulty(() => claim(store, holder, 1 + choices.next(4)))
      publisher.hasSent = false
    } else if (!publisher.hasSent) {
      landed.push(...claimed.entries)
      publisher.hasSent = true
    } else {
      const to = claimed.entries.at(-1)?.seq ?? claimed.position
      await faulty(() => store.mark(holder, sampleMark(claimed.position, to)))
      publisher.claimed = undefined
    }
  }

  async function checkPosition(): Promise<void> {
    const { pending } = await store.lag()
    const marked = new Set(landed.map(({ seq }) => seq))
    const next = stored.size === 0 ? 0 : Math.max(...stored.values()) - pending
    for (let seq = position + 1; seq <= next; seq += 1) expect(marked).toContain(seq)
    position = Math.max(position, next)
  }

  return {
    stored,
    landed,
    async step() {
      const publisher = publishers[choices.next(publishers.length)]
      const what = choices.next(8)
      if (what < 3 || publisher === undefined) await deliver(`e${choices.next(IDS)}`)
      else if (what < 6) await publish(publisher)
      else if (what < 7) clock.advance(choices.next(LEASE_MS))
      else Object.assign(publisher, { holder: `p${(deaths += 1)}x`, claimed: undefined })
      await checkPosition()
    },
    /** What providers send again, and one process that goes on. */
    async finish() {
      for (let at = 0; at < IDS; at += 1) {
        const { seq } = await store.commit(sampleEvent(`e${at}`))
        stored.set(`e${at}`, seq)
      }
      clock.advance(LEASE_MS)
      for (;;) {
        const claimed = await claim(store, 'last', 4)
        const to = claimed?.entries.at(-1)?.seq
        if (claimed === undefined || to === undefined) break
        landed.push(...claimed.entries)
        await store.mark('last', sampleMark(claimed.position, to))
      }
    },
  }
}

function claim(store: PortableStore, holder: string, limit: number) {
  return store.claimEntries({ holder, leaseMs: LEASE_MS, limit, bytesMax: 1_000_000 })
}
