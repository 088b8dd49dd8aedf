import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/faults/faults.ts'
import type { Committed, NewEvent } from '../../src/event.ts'
import { ingest, type IngestPorts } from '../../src/ingest/ingest.ts'
import type { Route } from '../../src/route.ts'
import type { Source } from '../../src/source.ts'
import type {
  Handshake,
  Refused,
  Verdict,
  VerifiedBatch,
  VerifiedBody,
} from '../../src/delivery.ts'
import { manualClock } from '../support/manual-clock.ts'
import { sampleDelivery, sampleVerified } from '../support/verified.ts'

type ClaimKind = 'mine' | 'skipped' | 'claimed' | 'done'

/**
 * One delivery's world: what each step is asked, in order. The real parts have tests of their own.
 */
function world(
  options: {
    verdict?: Verdict
    claim?: ClaimKind
    commit?: () => Promise<Committed>
    neverRetries?: boolean
    /** Ids of events that a batch brings again. */
    known?: readonly string[]
    done?: readonly string[]
    route?: Route
    /** What comes of a secret that is handed over; undefined: it is taken. */
    learnt?: Refused
  } = {},
) {
  const steps: string[] = []
  const committed: NewEvent[] = []
  const source: Source = {
    name: 'github',
    provider: 'github',
    unsigned: false,
    neverRetries: options.neverRetries ?? false,
    methods: ['POST'],
    file: undefined,
    verify() {
      steps.push('verify')
      return options.verdict ?? sampleVerified({ n: 1 })
    },
    route: () => options.route ?? { topic: 't' },
  }
  const ports: IngestPorts = {
    clock: manualClock(),
    handlerMsMax: 800,
    probes: {
      learn(_, secret) {
        steps.push(`learn ${secret}`)
        return Promise.resolve(options.learnt)
      },
      confirm: (_, { url }) => void steps.push(`confirm ${url}`),
    },
    hint: {
      claim(_, eventId) {
        steps.push('claim')
        const isDone = options.done?.includes(eventId) ?? false
        return Promise.resolve({ kind: isDone ? 'done' : (options.claim ?? 'mine') } as const)
      },
      done() {
        steps.push('done')
        return Promise.resolve()
      },
      release() {
        steps.push('release')
        return Promise.resolve()
      },
    },
    commit(event) {
      steps.push('commit')
      committed.push(event)
      return options.commit?.() ?? Promise.resolve({ kind: 'stored', seq: 1 })
    },
    commitAll(events) {
      steps.push('commitAll')
      committed.push(...events)
      const known = options.known ?? []
      return Promise.resolve(
        events.map(({ eventId }, at) =>
          known.includes(eventId)
            ? ({ kind: 'duplicate', seq: 1, sameBody: true } as const)
            : ({ kind: 'stored', seq: at + 1 } as const),
        ),
      )
    },
  }
  const delivery = sampleDelivery('{"n":1}', { 'user-agent': 'hookshot', authorization: 'secret' })
  return { steps, committed, run: () => ingest(delivery, source, ports) }
}

describe('ingest', () => {
  test('verifies before it claims, and tells other nodes only after the commit', async () => {
    const { run, steps } = world()

    expect(await run()).toMatchObject({ kind: 'accepted', seq: 1, state: 'accepted' })
    expect(steps).toEqual(['verify', 'claim', 'commit', 'done'])
  })

  test('an unsigned delivery burns no id: nothing is claimed, nothing stored', async () => {
    const refused = { kind: 'refused', code: 'SIGNATURE_MISMATCH', detail: 'x' } as const
    const { run, steps } = world({ verdict: refused })

    expect(await run()).toEqual(refused)
    expect(steps).toEqual(['verify'])
  })

  test('what comes of no claim leaves none, whatever ends it', async () => {
    const { run, steps } = world({
      // Only a bug of ours throws there.
      get route(): Route {
        throw new Error('a bug')
      },
    })

    expect(await run().catch((error: unknown) => error)).toEqual(new Error('a bug'))
    expect(steps).toEqual(['verify', 'claim', 'release'])
  })

  test('another node’s claim is no duplicate: it may still crash', async () => {
    const { run, steps } = world({ claim: 'claimed' })

    expect(await run()).toMatchObject({ kind: 'refused', code: 'CLAIMED_ELSEWHERE' })
    expect(steps).not.toContain('commit')
  })

  test('but who never sends again is stored at once: twice is better than never', async () => {
    const { run, steps } = world({ claim: 'claimed', neverRetries: true })

    expect(await run()).toMatchObject({ kind: 'accepted' })
    expect(steps).toEqual(['verify', 'claim', 'commit'])
  })

  test('what another node has stored is a duplicate', async () => {
    expect(await world({ claim: 'done' }).run()).toMatchObject({ kind: 'duplicate' })
  })

  test('without Redis the database decides', async () => {
    const commit = () => Promise.resolve({ kind: 'duplicate', seq: 1, sameBody: false } as const)

    expect(await world({ claim: 'skipped', commit }).run()).toMatchObject({
      kind: 'duplicate',
      sameBody: false,
    })
  })

  test('a commit that fails frees the claim, and is nobody’s acknowledgement', async () => {
    const full = new GatewayError('STORAGE_FULL', 'no space left')
    const { run, steps } = world({ commit: () => Promise.reject(full) })

    await expect(run()).rejects.toBe(full)
    expect(steps).toEqual(['verify', 'claim', 'commit', 'release'])
  })

  test('a duplicate stores nothing, and says nothing to other nodes', async () => {
    const commit = () => Promise.resolve({ kind: 'duplicate', seq: 1, sameBody: true } as const)
    const { run, steps } = world({ commit })
    await run()

    expect(steps).toEqual(['verify', 'claim', 'commit', 'release'])
  })

  test('only harmless headers are stored', async () => {
    const { run, committed } = world()
    await run()

    expect(committed[0]?.headers).toBe('{"user-agent":"hookshot"}')
  })
})

describe('a batch', () => {
  const body = sampleDelivery('[{"id":1},{"id":2},{"id":3}]').body as VerifiedBody
  const answer = { status: 204, headers: {}, body: null }
  function batchOf(...ids: readonly string[]): VerifiedBatch {
    const events = ids.map((eventId) => sampleVerified({ n: 1 }, { eventId }))
    return { kind: 'batch', body, events, secretIndex: 0, answer }
  }

  test('is stored at once, each event for itself and with the whole request', async () => {
    const { run, steps, committed } = world({ verdict: batchOf('a', 'b') })

    expect(await run()).toMatchObject({ kind: 'split', events: 2, duplicates: 0, answer })
    expect(steps).toEqual(['verify', 'claim', 'claim', 'commitAll', 'done', 'done'])
    expect(committed.map(({ eventId }) => eventId)).toEqual(['a', 'b'])
    expect(committed.every(({ request }) => request === body)).toBe(true)
  })

  test('of which a part is known counts its duplicates, and tells others of the rest', async () => {
    const { run, steps } = world({ verdict: batchOf('a', 'b', 'c'), known: ['b'], done: ['c'] })

    expect(await run()).toMatchObject({ kind: 'split', events: 3, duplicates: 2 })
    expect(steps.slice(-3)).toEqual(['commitAll', 'done', 'release'])
  })

  test('without events stores nothing', async () => {
    const { run, steps } = world({ verdict: batchOf() })

    expect(await run()).toMatchObject({ kind: 'split', events: 0, duplicates: 0 })
    expect(steps).toEqual(['verify'])
  })

  test('of which one event has no handler that works stores the others all the same', async () => {
    const route: Route = {
      topic: 't',
      key({ id }) {
        if (id === 'b') throw new Error('no key')
        return id
      },
    }
    const { run, committed } = world({ verdict: batchOf('a', 'b', 'c'), route })

    expect(await run()).toMatchObject({
      kind: 'split',
      events: 3,
      duplicates: 0,
      unhandled: 1,
      states: { accepted: 2, ignored: 0, invalid: 0, failed: 1 },
    })
    expect(committed.map(({ state }) => state)).toEqual(['accepted', 'failed', 'accepted'])
  })

  test('waits where another node stores one of its events', async () => {
    const { run, steps } = world({ verdict: batchOf('a'), claim: 'claimed' })

    expect(await run()).toMatchObject({ kind: 'refused', code: 'CLAIMED_ELSEWHERE' })
    expect(steps).toEqual(['verify', 'claim'])
  })
})

describe('a probe', () => {
  const probe: Handshake = {
    kind: 'handshake',
    name: 'probe',
    answer: { status: 200, headers: {}, body: null },
  }

  test('is answered, and stores nothing', async () => {
    const { run, steps } = world({ verdict: probe })
    expect(await run()).toEqual(probe)
    expect(steps).toEqual(['verify'])
  })

  test('with a secret is answered only once the secret is taken', async () => {
    const closed: Refused = { kind: 'refused', code: 'PAIRING_CLOSED', detail: '' }
    const learning = { ...probe, learn: 's3cret', confirm: { url: 'https://a', hosts: [] } }
    const refused = world({ verdict: learning, learnt: closed })
    const taken = world({ verdict: learning })

    expect(await refused.run()).toEqual(closed)
    expect(refused.steps).toEqual(['verify', 'learn s3cret'])
    expect(await taken.run()).toEqual(learning)
    expect(taken.steps).toEqual(['verify', 'learn s3cret', 'confirm https://a'])
  })
})
