/** The door for what edges forward. */
import { EDGE_NAME } from '../../routes/forward.ts'
import type { HooksPorts } from '../../routes/hooks.ts'
import { assert } from '../assert.ts'
import type { Clock } from '../clock.ts'
import type { Door } from '../door/door.ts'
import type { Visit } from '../door/visit.ts'
import { receive } from '../ingest/receive.ts'
import { takeForwarded, type TakeForwardedPorts } from '../ingest/take-forwarded.ts'
import { FORWARD_BYTES_MAX } from '../limits/edge.ts'
import { CATALOGUE } from '../providers/catalogue.ts'
import { compileVerifier } from '../providers/verifier.ts'
import { receiptMaker } from '../receipt.ts'
import type { Source } from '../source.ts'
import type { Tail } from '../tail.ts'
import type { Observation } from './observe.ts'

export interface ForwardDoorPorts extends Pick<TakeForwardedPorts, 'commitAll'> {
  readonly clock: Clock
  readonly door: Pick<Door, 'begin'>
  readonly observation: Pick<Observation, 'traffic'>
  readonly tail: Pick<Tail, 'see'>
}

/** What edges forward comes in like a delivery of a source: theirs, which signs like any other. */
export function forwardPorts(
  hooks: HooksPorts<Visit>,
  secrets: readonly string[],
  { clock, door, commitAll, observation, tail }: ForwardDoorPorts,
): HooksPorts<Visit> {
  const row = CATALOGUE.get('standard_webhooks')
  assert(row !== undefined, 'the catalogue has Standard Webhooks')
  const edge: Source = {
    name: EDGE_NAME,
    provider: row.key,
    unsigned: false,
    neverRetries: false,
    file: undefined,
    methods: ['POST'],
    verify: compileVerifier(row, { secrets, now: () => clock.now() }),
    route: () => undefined,
  }
  const receiptMakers = secrets.map(receiptMaker)
  const taking: TakeForwardedPorts = {
    clock,
    commitAll,
    receiptFor: (body) => receiptMakers.map((make) => make(body)).join(' '),
    see({ source, eventId, type, state, reason }, { kind, seq }) {
      const stored = kind === 'stored' ? 'accepted' : 'duplicate'
      const ended = { kind: stored, seq, eventId, type, state, reason, handleMs: 0 } as const
      observation.traffic.of(source).count(ended, clock.now())
      tail.see(source, ended)
    },
  }
  return {
    ...hooks,
    source: () => edge,
    async receive(request, source, budget) {
      const limits = { clock, bodyBytesMax: FORWARD_BYTES_MAX, budget }
      const received = await receive(request, source, limits)
      const isTooLarge = received.kind === 'refused' && received.code === 'BODY_TOO_LARGE'
      // Its hint is of a setting that changes nothing here.
      return isTooLarge ? { ...received, code: 'FORWARD_TOO_LARGE' } : received
    },
    // In its turn: these are the largest requests. Without a span: it would be a trace of its own,
    // and those of its events go on with what the edge has stored with them.
    ingest: (delivery) => door.begin(() => takeForwarded(delivery, edge, taking)),
  }
}
